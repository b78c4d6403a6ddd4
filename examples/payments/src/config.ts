import { fileURLToPath } from 'node:url';

/** The example's address and data folder. */
export interface Config {
  readonly port: number;
  readonly dataFolder: string;
  /** The URL of the records' store. Default: the database of the charges. */
  readonly storeUrl: string | undefined;
  /** The URL of the card provider; without one no order can be paid. */
  readonly providerUrl: string | undefined;
  /** The port of `/metrics` for Prometheus. Default: no metrics. */
  readonly metricsPort: number | undefined;
}

const defaultFolder = fileURLToPath(new URL('../data', import.meta.url));

/** Reads `PORT` (0 takes any free one), `LATCHKEY_DATA`, `LATCHKEY_STORE`, `CARD_PROVIDER` and `METRICS_PORT`. */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const metricsPort = environment['METRICS_PORT'];
  return {
    port: portIn('PORT', environment['PORT'] || '8787'),
    dataFolder: environment['LATCHKEY_DATA'] || defaultFolder,
    storeUrl: environment['LATCHKEY_STORE'] || undefined,
    providerUrl: environment['CARD_PROVIDER'] || undefined,
    metricsPort: metricsPort ? portIn('METRICS_PORT', metricsPort) : undefined,
  };
}

function portIn(name: string, text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new RangeError(`${name} must be a port number`);
  return port;
}
