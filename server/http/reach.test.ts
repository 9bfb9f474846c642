import { expect, test } from "bun:test";
import { Reach } from "./reach.ts";

test("[F1] a town on loopback knows loopback names only, on any port a tunnel gives it", () => {
  const reach = new Reach({ host: "127.0.0.1" });
  for (const host of ["localhost:4270", "127.0.0.1:9000", "[::1]:4270", "LOCALHOST"])
    expect(reach.knowsHost(host)).toBe(true);
  for (const host of [
    null,
    "",
    "evil.example",
    "localhost.evil.example",
    "192.0.2.7:4270",
    "127.0.0.1.evil.example",
  ]) {
    expect(reach.knowsHost(host)).toBe(false);
  }
});

test("[A9] a public address and an open listener widen it to that name, and to addresses", () => {
  const proxied = new Reach({ host: "127.0.0.1", publicUrl: "https://town.example.org" });
  expect(proxied.knowsHost("town.example.org")).toBe(true);
  expect(proxied.isOwnOrigin("https://town.example.org", "127.0.0.1:4270")).toBe(true);
  expect(proxied.isOwnOrigin("https://other.example.org", "127.0.0.1:4270")).toBe(false);
  const open = new Reach({ host: "0.0.0.0" });
  expect(open.knowsHost("192.0.2.7:4270")).toBe(true);
  expect(open.knowsHost("evil.example:4270")).toBe(false);
});

test("[F1] a page on another port of this host is a stranger, and so is one without a place", () => {
  const reach = new Reach({ host: "127.0.0.1" });
  expect(reach.isOwnOrigin("http://localhost:4270", "localhost:4270")).toBe(true);
  for (const origin of ["http://localhost:3000", "http://127.0.0.1:4270", "null", "", "file://"]) {
    expect(reach.isOwnOrigin(origin, "localhost:4270")).toBe(false);
  }
});
