import { fileURLToPath } from 'node:url';

/** The example's address and data folder. */
export interface Config {
  readonly port: number;
  readonly dataFolder: string;
  /** The URL of the records' store. Default: the database of the charges. */
  readonly storeUrl: string | undefined;
  /** The URL of the card provider; without one no order can be paid. */
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
