import { fileURLToPath } from 'node:url';

/** Where the example listens and keeps its data. */
export interface Config {
  readonly port: number;
  readonly dataFolder: string;
  /** The store of the records; beside the charges if there is none. */
  readonly storeUrl: string | undefined;
  /** Where the card provider is; without one no order can be paid. */
  readonly providerUrl: string | undefined;
}

const defaultFolder = fileURLToPath(new URL('../data', import.meta.url));

/** Reads `PORT` (0 takes any free one), `LATCHKEY_DATA`, `LATCHKEY_STORE` and `CARD_PROVIDER`. */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const port = Number(environment['PORT'] || 8787);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new RangeError('PORT must be a port number');
  return {
    port,
    dataFolder: environment['LATCHKEY_DATA'] || defaultFolder,
    storeUrl: environment['LATCHKEY_STORE'] || undefined,
    providerUrl: environment['CARD_PROVIDER'] || undefined,
  };
}
