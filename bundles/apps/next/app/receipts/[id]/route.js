// Not a page of the router, so that redirect() is a navigation of the browser, also with scripts.

export async function GET(_request, { params }) {
  const html = `<!doctype html><title>Receipt</title><p>Receipt ${(await params).id}</p>`;
  return new Response(html, { headers: { 'Content-Type': 'text/html' } });
}
