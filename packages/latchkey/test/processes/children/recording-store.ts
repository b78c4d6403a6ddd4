/** Records the store's calls and answers that affect ownership. */

import type {
  AnyOperatorStore,
  ClaimRequest,
  Owner,
  SaveStepRequest,
  TransactionKind,
  TransactionMethod,
} from '../../../src/core/store.ts';
import { machineTime, type WriteEvent } from '../history/events.ts';
import type { WriteLine } from '../history/log.ts';

type Transaction = TransactionMethod<TransactionKind>;

interface Written {
  readonly method: WriteEvent['method'];
  readonly owner: Owner;
  readonly leaseMs?: number;
}

export function recordingStore(store: AnyOperatorStore, worker: number, log: WriteLine): AnyOperatorStore {
  const claim = async (request: ClaimRequest) => {
    const sentAt = machineTime();
    const outcome = await store.claim(request);
    const at = machineTime();
    const { id, token, leaseMs } = request;
    if (outcome.outcome === 'completed') log({ type: 'found-done', operationId: outcome.operationId, at });
    if (outcome.outcome === 'claimed') {
      const { operationId, attempt } = outcome;
      log({ type: 'claimed', worker, id, token, operationId, attempt, leaseMs, sentAt, at });
    }
    return outcome;
  };
  const recorded = async <T>(written: Written, call: () => Promise<T>, reading: (answer: T) => Reading) => {
    const { method, owner, leaseMs } = written;
    const sentAt = machineTime();
    const answer = await call();
    const rest = leaseMs === undefined ? {} : { leaseMs };
    const { id, token } = owner;
    log({ type: 'write', method, id, token, ...reading(answer), ...rest, sentAt, at: machineTime() });
    return answer;
  };
  const { watch } = store;
  const transaction = store.transaction as Transaction | undefined;
  return {
    name: store.name,
    volatile: store.volatile,
    claim,
    renew: (owner) => recorded({ method: 'renew', owner, leaseMs: owner.leaseMs }, () => store.renew(owner), yesOrNo),
    complete: (owner) =>
      recorded(
        { method: 'complete', owner },
        () => store.complete(owner),
        (outcome) => ({
          accepted: outcome !== 'lost',
          isFinal: true,
        }),
      ),
    release: (owner) => recorded({ method: 'release', owner }, () => store.release(owner), yesOrNo),
    abandon: (owner) => recorded({ method: 'abandon', owner }, () => store.abandon(owner), yesOrNo),
    saveStep: (owner) => recorded({ method: savingMethod(owner), owner }, () => store.saveStep(owner), yesOrNo),
    read: (id) => store.read(id),
    list: (request) => store.list(request),
    resolve: (request) => store.resolve(request),
    erase: (principal) => store.erase(principal),
    sweep: (limit) => store.sweep(limit),
    ping: () => store.ping(),
    close: () => store.close(),
    ...(watch && { watch: watch.bind(store) }),
    ...(transaction && { transaction: recordedTransaction(transaction.bind(store), recorded) }),
  };
}

/** A mark's name begins with a character that no step's name can have. */
const savingMethod = ({ name }: SaveStepRequest) => (name.startsWith('\u0001') ? 'markStep' : 'saveStep');

interface Reading {
  readonly accepted: boolean;
  readonly isFinal: boolean;
}

const yesOrNo = (accepted: boolean): Reading => ({ accepted, isFinal: false });

type Recorded = <T>(written: Written, call: () => Promise<T>, reading: (answer: T) => Reading) => Promise<T>;

function recordedTransaction(transaction: Transaction, recorded: Recorded): Transaction {
  return (owner, body) => {
    let isFinal = false;
    const noting = (made: { write: { kind: string } }) => {
      isFinal = made.write.kind === 'result';
    };
    const noted: typeof body = (handle) => {
      const made = body(handle);
      if (!(made instanceof Promise)) {
        noting(made);
        return made;
      }
      return made.then((done) => {
        noting(done);
        return done;
      });
    };
    return recorded(
      { method: 'transaction', owner, leaseMs: owner.leaseMs },
      () => transaction(owner, noted),
      (done) => ({
        accepted: done.outcome === 'committed',
        isFinal: isFinal && done.outcome === 'committed',
      }),
    );
  };
}
