'use client';

import { useActionState } from 'react';

export function Form({ action, children }) {
  const [state, submit] = useActionState(action, null);
  return (
    <form action={submit}>
      {children}
      <input name="item" />
      <button type="submit">Order</button>
      <p id="state">{state?.error ?? state?.done}</p>
    </form>
  );
}
