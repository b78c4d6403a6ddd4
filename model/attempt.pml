/* One request with the key: the engine of a worker, from its claim to its end, with what goes on in the background. */

/* The worker's own deadline has not come. */
#define believes(t) (own[t] > 0)
/* Its handler is at work, and has no reason to stop. */
#define live(t) (own[t] > 0 && (doing[t] == running || doing[t] == saving))

inline assertOneLive() {
  assert(live(1) + live(2) + live(3) + live(4) <= 1)
}

inline call(t, what) {
  doing[t] = what; inbox[t] = none;
  nowDoing = what; printf("attempt %d is %e\n", t, nowDoing)
}

/* Nothing that is left here matters any more: equal states must look equal. */
inline leave(t, how) {
  call(t, how);
  ranStep = false;
  own[t] = 0; pending[t] = 0; renewPending[t] = 0; sawStep[t] = false; sawTakeover[t] = false; sawResult[t] = 0;
  forgetCalls(t)
}

inline die(t) {
  mishap = true; leave(t, over)
}

/* Lease.#tick and Lease.#tryRenew */
proctype Heartbeat(byte t) {
end:
  do
  :: atomic { believes(t) && renewPending[t] == 0 -> renewPending[t] = LEASE; sentRenew[t] = true }
  od
}

/* Claimer.#send */
inline sendClaim(t) {
  call(t, claiming); pending[t] = LEASE; sentClaim[t] = true
}

/* Claimer.#tryUndo */
inline sendUndo(t) {
  call(t, undoing); pending[t] = 0; sawStep[t] = false; sawResult[t] = 0
}

/* Claimer.#giveBack */
inline giveBack(t) {
  if
  :: sawTakeover[t] -> sentAbandon[t] = true
  :: else -> sentRelease[t] = true
  fi;
  sawTakeover[t] = false;
  call(t, givingBack)
}

/* Executor.#begin, Executor.#run: nothing is awaited between the claim's answer and the handler's first line. */
inline begin(t) {
  call(t, running);
  own[t] = pending[t]; pending[t] = 0;
  assertOneLive();
  assert(holds(t) && !lapsed);
  assert(RERUN || !mayHaveRun);
  mayHaveRun = !RERUN
}

/* AttemptContext.step: Lease.assertHeld, then the step, then AttemptContext.#save. */
inline runStep(t) {
  assert(!everSaved);
  ranStep = true;
  call(t, saving); sentSave[t] = true
}

/* Engine.#abandon, and RunningAttempts.shutdown: the worker's lease is lost before the record's. */
inline abandon(t) {
  sentAbandon[t] = true; die(t)
}

proctype Attempt(byte t) {
  bool ranStep = false;

  atomic { sendClaim(t) };

claimed: /* Claimer.#claimInTime, Engine.#run */
  if
  :: atomic { inbox[t] == isClaimed && pending[t] > 0 -> begin(t); goto handler }
  :: atomic { inbox[t] == isClaimed && pending[t] == 0 -> sendClaim(t); goto claimed }
  :: atomic { inbox[t] == isCompleted -> assert(sawResult[t] == firstResult); leave(t, turnedAway); goto done }
  :: atomic { inbox[t] == isRunning || inbox[t] == isLapsed || inbox[t] == isSuperseded -> leave(t, turnedAway); goto done }
  :: atomic { true -> sendUndo(t); goto undone }
  :: atomic { true -> die(t); goto done }
  fi;

undone: /* Claimer.undo */
  if
  :: atomic { inbox[t] == isClaimed -> giveBack(t); goto givenBack }
  :: atomic { inbox[t] == isRunning || inbox[t] == isLapsed -> sendUndo(t); goto undone }
  :: atomic { inbox[t] == isCompleted || inbox[t] == isSuperseded -> leave(t, over); goto done }
  :: atomic { true -> die(t); goto done }
  fi;

givenBack:
  if
  :: atomic { inbox[t] == yes || inbox[t] == no -> leave(t, over); goto done }
  :: atomic { true -> die(t); goto done }
  fi;

handler:
  if
  :: atomic { !sawStep[t] && believes(t) -> runStep(t); goto stepped }
  :: atomic { !sawStep[t] && !believes(t) -> abandon(t); goto done }
  :: goto verdict
  fi;

stepped:
  if
  :: atomic { inbox[t] == yes -> call(t, running); goto verdict }
  :: atomic { inbox[t] == no || !believes(t) -> abandon(t); goto done }
  :: atomic { true -> die(t); goto done }
  fi;

verdict: /* endingOf in conclude.ts */
  if
  /* storeResult */
  :: atomic { true -> call(t, completing); sentComplete[t] = true; goto concluded }
  /* releaseRecord: a failure that may run again, or a handler that did nothing */
  :: atomic { RERUN || (!ranStep && !sawStep[t]) -> mayHaveRun = false; call(t, releasing); sentRelease[t] = true; goto concluded }
  :: atomic { true -> abandon(t); goto done }
  :: atomic { true -> die(t); goto done }
  fi;

concluded:
  if
  :: atomic { inbox[t] == yes -> assert(doing[t] == releasing || (phase == completed && result == t)); leave(t, over) }
  :: atomic { inbox[t] == no -> leave(t, over) }
  :: atomic { true -> die(t) }
  fi;

done:
  skip
}
