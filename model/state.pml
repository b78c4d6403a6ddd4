/* One record, the attempts at it, and the messages between them. */

/* RERUN, ATTEMPTS (at most 4) and LEASE (in ticks of the clock) are given from outside: scripts/model/spin.mjs. */

/* One longer than the attempts: their numbers are their tokens, and 0 is nobody's. */
#define SLOTS 5
/* Stands where a token was, after an operator's answer. */
#define RESOLVED 5

mtype:phase = { absent, held, open, completed };
mtype:doing = { idle, claiming, undoing, givingBack, running, saving, completing, releasing, turnedAway, over };
mtype:message = { aClaim, anUndo, aRenewal, aStep, aCompletion, aRelease, anAbandonment };
mtype:answer = { none, isClaimed, isRunning, isLapsed, isCompleted, isSuperseded, yes, no };

/* The record, as src/stores/record/entry.ts has it; `left` is what remains of its lease. */
mtype:phase phase = absent;
byte token;
bool abandoned;
bool tookOver;
byte left;
bool stepSaved;
byte result;

/* The attempts. `own` is what remains until the worker's deadline, `pending` the same for a call without an answer. */
mtype:doing doing[SLOTS];
byte own[SLOTS];
byte pending[SLOTS];
byte renewPending[SLOTS];
bool sawStep[SLOTS];
bool sawTakeover[SLOTS];
byte sawResult[SLOTS];

/* Answers that have come and were not read yet. One that is never read is one that was lost. */
mtype:answer inbox[SLOTS];

/* Calls that were sent. Each may arrive at any time, any number of times, or never. */
bool sentClaim[SLOTS];
bool sentRenew[SLOTS];
bool sentSave[SLOTS];
bool sentComplete[SLOTS];
bool sentRelease[SLOTS];
bool sentAbandon[SLOTS];

/* What no part of the system knows: kept for the assertions alone. */
bool handedOn[SLOTS];   /* another attempt or an operator took the record from this one */
bool gaveUp[SLOTS];     /* this attempt gave the record back, or made it lapse */
bool mayHaveRun;        /* a handler began, and neither it nor an operator has said that nothing happened */
bool mishap;            /* a worker died, threw or ran out of time */
bool everSaved;         /* the step was saved, in this record */
byte firstResult;       /* what was stored first */
bool looking;           /* an operator has looked, and has not yet decided */
bool changedHands;      /* since then */

hidden mtype:answer reply;
/* For the telling of a run: a name is only printed from a variable. */
hidden mtype:doing nowDoing;
hidden mtype:message arriving;
