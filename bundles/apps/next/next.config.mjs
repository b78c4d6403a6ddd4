import { join } from 'node:path';

/** @type {import('next').NextConfig} */
export default {
  // The packages belong to the project into which this application is copied.
  turbopack: { root: join(import.meta.dirname, '../../..') },
};
