import { IdempotencyField } from 'latchkey/next';
import { edit } from '../../lib/actions.js';
import { Form } from './form.jsx';

export default function Page() {
  return (
    <Form action={edit}>
      <IdempotencyField />
    </Form>
  );
}
