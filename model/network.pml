/* Calls arrive when they like, and as often as they like; time passes for everybody at once. */

/* A call is repeated for seconds, a record changes hands in seconds at the least. See the README for what happens in a
   network that keeps a claim for longer than two changes of hands. */
#define forgotten(t) (handedOn[t] && token != t && (phase == open || lapsed))

/* An answer is heard by an attempt that waits for it, now or later; one that is never read is one that was lost. */
inline answerTo(t, kind) {
  if
  :: doing[t] == kind -> inbox[t] = reply
  :: else
  fi
}

inline answerClaim(t) {
  if
  :: doing[t] == claiming && reply == isClaimed -> sawStep[t] = stepSaved
  :: doing[t] == undoing && reply == isClaimed -> sawTakeover[t] = tookOver
  :: doing[t] == claiming && reply == isCompleted -> sawResult[t] = result
  /* A copy of a claim that was answered otherwise: it holds the record for a lease, with nobody behind it. */
  :: doing[t] == turnedAway && reply == isClaimed -> mishap = true
  :: else
  fi
}

/* The deadline counts from before the renewal was sent. An answer that is heard later says no more than one that is
   heard at once, and one that is never heard is a renewal that only the store knows of: a choice, hence no d_step. */
inline answerRenew(t) {
  if
  :: reply == yes && believes(t) -> own[t] = (renewPending[t] > own[t] -> renewPending[t] : own[t]); assertOneLive()
  :: reply == no && (doing[t] == running || doing[t] == saving) -> own[t] = 0
  :: true
  fi;
  renewPending[t] = 0
}

/* A claim that the attempt has behind it revives nothing. */
inline assertNotRevived(t) {
  assert(reply != isClaimed || !(gaveUp[t] || handedOn[t]))
}

/* An undoing claim that takes the record anew gives it back. Should its worker die in between, an operator who saw its
   token before can't tell the two times apart; nothing ran under that token, then or now. */
inline startAnew(t) {
  if
  :: reply == isClaimed -> gaveUp[t] = false; handedOn[t] = false; changedHands = false
  :: else
  fi
}

inline arrived(t, what) {
  arriving = what;
  printf("  %e of attempt %d arrives: %e; the record is %e, token %d, lease %d\n", arriving, t, reply, phase, token, left)
}

proctype Network(byte t) {
end:
  do
  :: d_step { sentClaim[t] && !forgotten(t) ->
       claimEntry(t, RERUN); assertNotRevived(t); arrived(t, aClaim); answerClaim(t); answerTo(t, claiming) }
  :: d_step { doing[t] == undoing ->
       claimEntry(t, false); startAnew(t); arrived(t, anUndo); answerClaim(t); answerTo(t, undoing) }
  :: atomic { sentRenew[t] -> renewEntry(t); arrived(t, aRenewal); answerRenew(t) }
  :: d_step { sentSave[t] -> saveStepInEntry(t); arrived(t, aStep); answerTo(t, saving) }
  :: d_step { sentComplete[t] -> completeEntry(t); arrived(t, aCompletion); answerTo(t, completing) }
  :: d_step { sentRelease[t] -> releaseEntry(t); arrived(t, aRelease);
       answerTo(t, releasing); answerTo(t, givingBack) }
  :: d_step { sentAbandon[t] -> abandonEntry(t); arrived(t, anAbandonment); answerTo(t, givingBack) }
  od
}

#define atWork(t) (doing[t] == running || doing[t] == saving || doing[t] == completing || doing[t] == releasing)
#define countDown(x) x = (x > 0 -> x - 1 : 0)

proctype Time() {
  byte t;
end:
  do
  :: d_step {
       countDown(left);
       if
       :: lapsed && atWork(token) -> mishap = true
       :: else
       fi;
       t = 1;
       do
       :: t < SLOTS -> countDown(own[t]); countDown(pending[t]); countDown(renewPending[t]); t++
       :: else -> break
       od;
       t = 0;
       printf("  a tick of the clock; lease %d\n", left)
     }
  od
}
