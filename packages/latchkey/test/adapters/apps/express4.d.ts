// The members of Express 4 that are used here have the types of Express 5.
declare module 'express4' {
  import type { Express } from 'express';

  export default function express(): Express;
}
