import { readFileSync } from 'node:fs';

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}

interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const file = url.replace(/^.*\/(?:node_modules|packages)\//, '');
  return `${functionName || '(anonymous)'} ${file === '' ? '' : `${file}:${lineNumber + 1}`}`.trim();
}

function selfTimes({ nodes, samples, timeDeltas }: Profile): Map<string, number> {
  const names = new Map(nodes.map((node) => [node.id, nameOf(node)]));
  const times = new Map<string, number>();
  for (const [index, sample] of samples.entries()) {
    const name = names.get(sample) ?? '(unknown)';
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  }
  return times;
}

/** The functions in which the server spent most of its time, without callees. */
export function topFunctions(file: string, count: number): string {
  const times = selfTimes(JSON.parse(readFileSync(file, 'utf8')) as Profile);
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  const top = [...times].toSorted(([, a], [, b]) => b - a).slice(0, count);
  return top.map(([name, time]) => `${((100 * time) / total).toFixed(1).padStart(5)} %  ${name}`).join('\n');
}
