export default function Page() {
  return <p>POST /orders/:store places an order.</p>;
}
