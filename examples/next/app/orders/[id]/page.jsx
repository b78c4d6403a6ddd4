export default async function Order({ params }) {
  return <p>Order {(await params).id} is placed.</p>;
}
