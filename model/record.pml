/* What the store does at each call, in one atomic step: src/stores/record/claim-entry.ts and src/stores/record/own-entry.ts. */

/* isLapsed in entry.ts */
#define lapsed (phase == held && (abandoned || left == 0))
/* holds in owning.ts */
#define holds(t) (phase == held && token == t)

#define isOver(t) (doing[t] == over || doing[t] == turnedAway)

inline handOn() {
  if
  :: token != 0 && token != RESOLVED -> handedOn[token] = true
  :: else
  fi;
  changedHands = looking
}

inline newEntry(t) {
  phase = held; token = t; abandoned = false; tookOver = false; left = LEASE;
  handedOn[t] = false; gaveUp[t] = false;
  reply = isClaimed
}

inline takeHold(t, fromLapsed) {
  handOn();
  phase = held; abandoned = false; tookOver = fromLapsed; token = t; left = LEASE;
  reply = isClaimed
}

inline claimOpen(t) {
  if
  :: token == t -> reply = isSuperseded
  :: else -> takeHold(t, false)
  fi
}

inline claimAgain(t) {
  if
  :: abandoned -> reply = isSuperseded
  :: else -> left = LEASE; reply = isClaimed
  fi
}

inline claimLapsed(t, takeover) {
  if
  :: takeover -> takeHold(t, true)
  :: else -> reply = isLapsed
  fi
}

inline claimEntry(t, takeover) {
  if
  :: phase == absent -> newEntry(t)
  :: phase == completed -> reply = isCompleted
  :: phase == open -> claimOpen(t)
  :: phase == held && token == t -> claimAgain(t)
  :: phase == held && token != t && lapsed -> claimLapsed(t, takeover)
  :: phase == held && token != t && !lapsed -> reply = isRunning
  fi
}

inline renewEntry(t) {
  if
  :: holds(t) && !abandoned -> left = LEASE; reply = yes; assert(!gaveUp[t]); assert(!handedOn[t])
  :: else -> reply = no
  fi
}

inline settle() {
  abandoned = false; tookOver = false; left = 0; changedHands = looking
}

/* A call of an attempt that is over finds a completed record as it was: equal states must look equal. */
inline forgetCalls(t) {
  if
  :: phase == completed && isOver(t) ->
     sentClaim[t] = false; sentRenew[t] = false; sentSave[t] = false; sentComplete[t] = false;
     sentRelease[t] = false; sentAbandon[t] = false; handedOn[t] = false; gaveUp[t] = false
  :: else
  fi
}

inline endOfStory() {
  mishap = true;
  forgetCalls(1); forgetCalls(2); forgetCalls(3); forgetCalls(4)
}

inline finishEntry(value) {
  phase = completed; result = value; settle();
  assert(firstResult == 0);
  firstResult = value;
  endOfStory()
}

inline completeEntry(t) {
  if
  :: token == t && phase == held -> finishEntry(t); reply = yes; assert(!handedOn[t])
  :: token == t && phase == completed -> reply = yes
  :: else -> reply = no
  fi
}

inline releaseEntry(t) {
  if
  :: token == t && phase == held -> phase = open; settle(); gaveUp[t] = true; reply = yes; assert(!handedOn[t])
  :: token == t && phase == open -> reply = yes
  :: else -> reply = no
  fi
}

inline abandonEntry(t) {
  if
  :: holds(t) -> abandoned = true; left = 0; gaveUp[t] = true; reply = yes; assert(!handedOn[t])
  :: else -> reply = no
  fi
}

inline saveStepInEntry(t) {
  if
  :: holds(t) -> stepSaved = true; everSaved = true; reply = yes; assert(!handedOn[t])
  :: else -> reply = no
  fi
}
