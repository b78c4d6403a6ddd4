/* A person with the record's list before them: resolveEntry in src/stores/record/own-entry.ts. */

inline resolveEntry(seen) {
  if
  :: atomic { lapsed && token == seen -> assert(!changedHands); handOn(); mishap = true;
       if
       :: atomic { phase = absent; token = 0; abandoned = false; tookOver = false; left = 0;
                   stepSaved = false; everSaved = false; mayHaveRun = false }
       :: atomic { phase = open; settle(); mayHaveRun = false }
       :: atomic { finishEntry(RESOLVED); token = RESOLVED }
       fi }
  :: atomic { !(lapsed && token == seen) -> skip }
  fi
}

proctype Operator() {
  byte seen;
end:
  atomic { lapsed -> seen = token; looking = true; printf("an operator sees the record lapsed, token %d\n", seen) };
  resolveEntry(seen);
  atomic { seen = 0; looking = false; changedHands = false }
}
