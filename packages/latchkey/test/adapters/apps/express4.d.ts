// What is used of Express 4 here has the types of Express 5.
declare module 'express4' {
  import type { Express } from 'express';

  export default function express(): Express;
}
