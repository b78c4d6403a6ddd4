// A page that is built once, until its path is revalidated. Each build shows another text.

export const revalidate = 3600;

export default function Page() {
  return <p>Stock {crypto.randomUUID()}</p>;
}
