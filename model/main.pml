#include "state.pml"
#include "record.pml"
#include "attempt.pml"
#include "network.pml"
#include "operator.pml"

/* A client that sends its request once more when the first time is over. */
proctype Client(byte first; byte again) {
  run Attempt(first);
  run Heartbeat(first);
  run Network(first);
  if
  :: again <= ATTEMPTS -> isOver(first);
     run Attempt(again);
     run Heartbeat(again);
     run Network(again)
  :: else
  fi
}

#define isDone(t) (t > ATTEMPTS || isOver(t))
#define allOver (isDone(1) && isDone(2) && isDone(3) && isDone(4))

/* An attempt ends: each of its waits has a way out. What it leaves behind is absent, open, completed or lapsed, and from
   each of them a claim or an operator goes on. */
proctype Closing() {
end:
  atomic { allOver ->
    /* A store's hiccup alone leaves no unknown outcome behind. */
    assert(RERUN || phase != held || mishap)
  }
}

init {
  atomic { run Client(1, 3); run Client(2, 4); run Operator(); run Time(); run Closing() }
}
