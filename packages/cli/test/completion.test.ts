import { execFile, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installedCommand, onTerminal } from './terminal.ts';

let command: Awaited<ReturnType<typeof installedCommand>>;
beforeAll(async () => {
  command = await installedCommand();
});
afterAll(() => command.remove());

async function latchkey(...args: string[]): Promise<string> {
  const env = { ...process.env, PATH: command.path };
  return (await promisify(execFile)('latchkey', args, { env })).stdout;
}

describe('the completion script', () => {
  it.each(['bash', 'zsh', 'fish'])('is parsed by %s', async (shell) => {
    const file = join(command.folder, `completion.${shell}`);
    await writeFile(file, await latchkey('completion', shell));
    const { status, stderr, error } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
    expect(error).toBeUndefined();
    expect([status, stderr]).toEqual([0, '']);
  });

  const lines: [typed: string, completed: string][] = [
    ['latchkey reso', 'latchkey resolve'],
    ['latchkey list --sta', 'latchkey list --state'],
    ['latchkey list --state stu', 'latchkey list --state stuck'],
    ['latchkey resolve --for', 'latchkey resolve --forget'],
  ];

  it.each(lines)('completes %s at Tab in bash', async (typed, completed) => {
    const file = join(command.folder, 'in-bash');
    await writeFile(file, await latchkey('completion', 'bash'));
    const { text } = await onTerminal('bash --norc --noprofile -i', { PATH: command.path, PS1: 'ready> ' }, [
      ['ready> ', `. /usr/share/bash-completion/bash_completion; . ${file}; echo sour''ced`],
      ['sourced', `${typed}\t--version`],
      ['--version', 'exit'],
    ]);
    expect(text).toContain(`${completed} --version`);
  });

  it.each(lines)('completes %s in fish', async (typed, completed) => {
    const file = join(command.folder, 'in-fish');
    await writeFile(file, await latchkey('completion', 'fish'));
    const asked = [`source ${file}; complete -C '${typed}'`];
    const { stdout } = spawnSync('fish', ['-c', ...asked], {
      encoding: 'utf8',
      env: { ...process.env, PATH: command.path },
    });
    expect(stdout.split(/[\t\n]/)[0]).toBe(completed.split(' ').at(-1));
  });
});
