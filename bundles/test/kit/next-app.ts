/**
 * The example of `examples/next` together with the pages of `apps/next`, built and started by one version of Next.
 *
 * @module
 */

import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../../packages/latchkey/test/servers/free-port.ts';
import { type RunningProgram, startProgram } from './server.ts';
import { runProgram, type Workspace, workspaceWith } from './workspace.ts';

const bundles = fileURLToPath(new URL('../..', import.meta.url));
const example = fileURLToPath(new URL('../../../examples/next', import.meta.url));

/** A version of Next and its bundler. */
export interface NextVersion {
  /** The folder of `bundles` in which it is installed. */
  readonly project: string;
  readonly build: readonly string[];
}

/** One built application, which can be killed and started again on the same files. */
export class NextApp implements AsyncDisposable {
  readonly #version: NextVersion;
  readonly #workspace: Workspace;
  readonly #env: NodeJS.ProcessEnv;
  #port = 0;
  #running: RunningProgram | undefined;

  private constructor(version: NextVersion, workspace: Workspace, env: NodeJS.ProcessEnv) {
    const place = (name: string) => join(workspace.folder, name);
    this.#version = version;
    this.#workspace = workspace;
    this.#env = {
      ...env,
      ...{ NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production', CI: '1', LEASE_MS: '2000' },
      ...{ SQLITE_FILE: place('records.db'), DATABASE: place('orders.db'), INTENT_SECRET: 'x'.repeat(32) },
      ...{ CHARGES: place('charges'), ORDERS: place('orders') },
      // A Next that this process has loaded sets it for itself.
      TURBOPACK: undefined,
    };
  }

  static async build(version: NextVersion, env: NodeJS.ProcessEnv): Promise<NextApp> {
    const workspace = await workspaceWith({ apps: [], parent: join(bundles, version.project, '.work') });
    const app = new NextApp(version, workspace, env);
    for (const source of [example, join(bundles, 'apps/next')]) cpSync(source, app.#cwd, { recursive: true });
    const { code, output } = await runProgram(process.execPath, app.#args(version.build), {
      cwd: app.#cwd,
      env: app.#env,
    });
    if (code !== 0) throw new Error(`next build ended with ${code}:\n${output}`);
    app.#port = await freePort();
    await app.start();
    return app;
  }

  get port(): number {
    return this.#port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The folder in which the library is installed. */
  get folder(): string {
    return this.#workspace.folder;
  }

  /** The folder of its Next. */
  get next(): string {
    return join(bundles, this.#version.project, 'node_modules/next');
  }

  get output(): string {
    return this.#running?.output() ?? '';
  }

  async start(): Promise<void> {
    const args = this.#args(['start', '--hostname', '127.0.0.1', '--port', String(this.#port)]);
    const program = { command: process.execPath, args, cwd: this.#cwd, port: this.#port, env: this.#env };
    this.#running = await startProgram(program);
  }

  async stop(): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]();
  }

  /** The lines of one of the application's files: `charges` or `orders`. */
  lines(name: string): string[] {
    const text = readFileSync(join(this.folder, name), { encoding: 'utf8', flag: 'a+' });
    return text.split('\n').filter((line) => line !== '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#workspace[Symbol.dispose]();
  }

  get #cwd(): string {
    return join(this.folder, 'next');
  }

  #args(args: readonly string[]): string[] {
    return [join(this.next, 'dist/bin/next'), ...args];
  }
}
