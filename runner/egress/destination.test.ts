import { expect, test } from "bun:test";
import { isPublicAddress, mayConnect, networkOf, parseDestination } from "./destination.ts";

test("[C23] the host, its neighbours, link-local and everything that is not the internet's are private", () => {
  for (const address of [
    ...["127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
    ...["169.254.169.254", "100.64.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255"],
    ...["::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"],
    ...["::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:7f00:1::1"],
    ...["localhost", ""],
  ])
    expect([address, isPublicAddress(address)]).toEqual([address, false]);
  for (const address of ["1.1.1.1", "172.32.0.1", "192.169.0.1", "8.8.8.8", "2606:4700::1111"])
    expect([address, isPublicAddress(address)]).toEqual([address, true]);
});

test("[C23] a destination is a host and a port, and nothing that another program would read otherwise", () => {
  expect(parseDestination("Example.ORG.:443")).toEqual({ host: "example.org", port: 443 });
  expect(parseDestination("[::1]:80")).toEqual({ host: "::1", port: 80 });
  for (const text of [
    ...["example.org", "example.org:0", "example.org:65536", ":80", "a b:80", "[::1]", "::1:80"],
    ...["user@example.org:80", "example.org:80/x", "http://example.org:80", "[example.org]:80"],
  ])
    expect([text, parseDestination(text)]).toEqual([text, null]);
});

test("[C23] a name is connected to where the list names it and it is public; an address where the list names itself", () => {
  const list = ["api.example.org:443", "127.0.0.1:8080"];
  const api = { host: "api.example.org", port: 443 };
  const own = ["62.1.2.3", "2a01:4f8::1"];
  expect(mayConnect(list, api, "1.1.1.1", own)).toBe(true);
  expect(mayConnect(list, api, "62.1.2.3", own)).toBe(false);
  expect(mayConnect("public", { host: "me.test", port: 443 }, "2a01:4f8::1", own)).toBe(false);
  expect(mayConnect(["62.1.2.3:80"], { host: "62.1.2.3", port: 80 }, "62.1.2.3", own)).toBe(true);
  expect(mayConnect(list, api, "127.0.0.1", own)).toBe(false);
  expect(mayConnect(list, api, "169.254.169.254", own)).toBe(false);
  expect(mayConnect(list, { ...api, port: 80 }, "1.1.1.1", own)).toBe(false);
  expect(mayConnect(list, { ...api, host: "example.org" }, "1.1.1.1", own)).toBe(false);
  expect(mayConnect(list, { host: "127.0.0.1", port: 8080 }, "127.0.0.1", own)).toBe(true);
  expect(mayConnect(list, { host: "127.0.0.1", port: 8081 }, "127.0.0.1", own)).toBe(false);
  expect(mayConnect("public", { host: "anything.test", port: 1 }, "1.1.1.1", own)).toBe(true);
  expect(mayConnect("public", { host: "127.0.0.1", port: 8080 }, "127.0.0.1", own)).toBe(false);
});

test("[C23] a rig that says nothing lets nothing out", () => {
  expect(networkOf("none")).toBe("none");
  expect(networkOf("open")).toEqual({ reach: "public" });
  expect(networkOf(["a.test:1"])).toEqual({ reach: ["a.test:1"] });
});
