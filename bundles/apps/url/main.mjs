// Opens a store without its driver, in a bundle that was built without it, and a store that needs none.

import { storeFromUrl } from 'latchkey/store-from-url';

const urls = ['redis://localhost', 'postgres://localhost', 'mariadb://localhost', 'dynamodb://local/table', 'memory:'];
const open = (url) =>
  storeFromUrl(url).then(
    (store) => store.name,
    (error) => error.code,
  );

void Promise.all(urls.map(open)).then((outcomes) => console.log(JSON.stringify(outcomes)));
