import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from '../../prepare/process.mjs';
import type { Installed } from './install.ts';

/** Packages that projects of different ages use together with the library. */
const projects = {
  oldest: {
    '@aws-sdk/client-dynamodb': '3.363.0',
    '@nestjs/common': '11.0.1',
    '@nestjs/core': '11.0.1',
    '@opentelemetry/api': '1.4.0',
    express: '4.17.0',
    fastify: '5.0.0',
    hono: '4.0.0',
    ioredis: '5.1.0',
    koa: '3.0.0',
    mysql2: '3.11.0',
    next: '15.5.0',
    pg: '8.11.0',
    postgres: '3.4.0',
    react: '19.0.0',
    redis: '4.6.0',
    rxjs: '7.1.0',
  },
  between: { express: '4.22.3', ioredis: '5.9.3', redis: '5.9.0' },
  newest: {
    '@aws-sdk/client-dynamodb': '3.1169.0',
    '@nestjs/common': '12.5.1',
    '@nestjs/core': '12.5.1',
    '@opentelemetry/api': '1.10.0',
    express: '5.3.0',
    fastify: '5.12.8',
    hono: '4.13.19',
    ioredis: '6.0.0',
    koa: '3.2.1',
    mysql2: '3.24.6',
    next: '16.4.6',
    pg: '8.23.1',
    postgres: '3.4.9',
    react: '19.3.1',
    redis: '6.3.1',
    rxjs: '7.8.2',
  },
};

/** An empty package with this name and version, which is enough for npm to check peer ranges. */
function stub(project: string, name: string, version: string): string {
  const folder = join(project, 'stubs', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version }));
  return `file:${folder}`;
}

async function problemsBeside(age: string, packages: Record<string, string>, installed: Installed): Promise<string[]> {
  const project = join(installed.folder, age);
  const stubs = Object.entries(packages).map(([name, version]) => [name, stub(project, name, version)]);
  const manifest = { private: true, dependencies: Object.fromEntries(stubs) };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  const args = ['install', '--offline', '--no-audit', '--no-fund', installed.tarball];
  const { ok, output } = await capture('npm', args, { cwd: project });
  return ok ? [] : [`the package can not be installed beside ${JSON.stringify(packages)}:\n${output}`];
}

/** Checks that `npm install latchkey` works with the oldest and the newest release of every supported package. */
export async function problemsOfPeers(installed: Installed): Promise<string[]> {
  const all = Object.entries(projects).map(([age, packages]) => problemsBeside(age, packages, installed));
  return (await Promise.all(all)).flat();
}
