import { join } from 'node:path';

/** @type {import('next').NextConfig} */
export default {
  // The packages belong to the project into which this application is copied.
  turbopack: { root: join(import.meta.dirname, '../../..') },
  experimental: { useCache: true },
  // With Next's own no-store, the browser may load the form again after Back.
  headers: async () => [{ source: '/shop/:cart', headers: [{ key: 'Cache-Control', value: 'private, no-cache' }] }],
};
