import { join } from 'node:path';

/** @type {import('next').NextConfig} */
export default {
  // The packages are those of the project that this application is copied into.
  turbopack: { root: join(import.meta.dirname, '../../..') },
};
