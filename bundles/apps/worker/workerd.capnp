# Serves what wrangler has built; the address is given on the command line.

using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "orders", worker = .orders)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "orders")],
);

const orders :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "out/worker.js")],
  compatibilityDate = "2024-10-14",
  compatibilityFlags = ["nodejs_compat"],
  bindings = [(name = "SHOP", text = "books")],
);
