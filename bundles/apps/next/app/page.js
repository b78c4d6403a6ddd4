export default function Page() {
  return <p>POST /by-store/:store places an order.</p>;
}
