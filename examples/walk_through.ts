/**
 * `npm run demo`: a hotel's day over HTTP, from its sign-up to a report, each call printed with its answer. Starts
 * Keyrack where none answers. The main-job test plays the same steps.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Stripe from "stripe";

import { addDays, dayAt } from "../core/mod.ts";

export interface WalkThroughOptions {
  /** Where Keyrack answers, such as `http://localhost:8000`. */
  readonly address: string;
  /** The secret that signs Stripe's deliveries. */
  readonly webhookSecret: string;
  readonly print: (line: string) => void;
}

export interface WalkThroughResult {
  readonly hotelId: string;
  readonly bookingId: string;
  /** Before and after the payment. */
  readonly validTo: readonly [string, string];
  readonly csv: string;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly token?: string;
  readonly body?: unknown;
  /** Instead of a JSON body: what is sent, as which type. */
  readonly raw?: { readonly text: string; readonly type: string; readonly headers?: Readonly<Record<string, string>> };
  readonly expect: number;
}

interface Answer {
  readonly text: string;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** Plays the whole day. @throws where an answer is not the expected one */
export async function walkThrough({ address, webhookSecret, print }: WalkThroughOptions): Promise<WalkThroughResult> {
  const call = (request: Call): Promise<Answer> => send(address, request, print);
  const suffix = randomBytes(4).toString("hex");
  const manager = { username: `manager-${suffix}`, password: randomBytes(9).toString("hex") };
  const desk = { username: `desk-${suffix}`, password: randomBytes(9).toString("hex") };

  print("\n1. A hotel signs up. Its manager logs in and adds a receptionist, who logs in and changes the password.\n");
  const settings = {
    name: "Hotel Seeblick",
    time_zone: "Europe/Berlin",
    currency: "EUR",
    terms_and_conditions: "Quiet hours from 22:00.",
  };
  const signUp = await call({ method: "POST", path: "/hotels/", body: { ...settings, ...manager }, expect: 201 });
  const hotelId = (signUp.body["hotel"] as { hotel_id: string }).hotel_id;
  const form = new URLSearchParams({ grant_type: "password", ...manager }).toString();
  const login = await call({
    method: "POST",
    path: "/auth/token",
    raw: { text: form, type: "application/x-www-form-urlencoded" },
    expect: 200,
  });
  const token = login.body["access_token"] as string;
  await call({ method: "POST", path: "/users/", token, body: { ...desk, role: "receptionist" }, expect: 201 });
  const deskLogin = await call({ method: "POST", path: "/auth/token", body: desk, expect: 200 });
  const deskToken = deskLogin.body["access_token"] as string;
  const change = { old_password: desk.password, new_password: randomBytes(9).toString("hex") };
  await call({ method: "POST", path: "/users/me/password", token: deskToken, body: change, expect: 204 });

  print("\n2. The manager adds rooms. The receptionist books a free one, checks the guest in and out.\n");
  const type = await call({
    method: "POST",
    path: "/room-types/",
    token,
    body: { name: "Double", capacity: 2, rate: "120.00" },
    expect: 201,
  });
  for (const number of ["101", "102"]) {
    await call({
      method: "POST",
      path: "/rooms/",
      token,
      body: { room_number: number, room_type_id: type.body["room_type_id"] },
      expect: 201,
    });
  }
  const today = dayAt(new Date(), settings.time_zone);
  const departure = addDays(today, 2);
  const free = await call({
    method: "GET",
    path: `/rooms/available?check_in=${today}&check_out=${departure}&guests=2`,
    token: deskToken,
    expect: 200,
  });
  const room = (free.body["items"] as { room_id: string }[])[0];
  const reservation = {
    room_id: room?.room_id,
    guest: { name: "Ada Lovelace", email: "ada@example.com" },
    adults: 2,
    check_in_at: today,
    expected_check_out_at: departure,
  };
  const booking = await call({ method: "POST", path: "/bookings/", token: deskToken, body: reservation, expect: 201 });
  const bookingId = booking.body["booking_id"] as string;
  await call({ method: "PATCH", path: `/operations/check-in/${bookingId}`, token: deskToken, expect: 200 });
  await call({ method: "PATCH", path: `/operations/check-out/${bookingId}`, token: deskToken, expect: 200 });

  print("\n3. Stripe reports a payment, and a worker applies it.\n");
  const before = (await call({ method: "GET", path: "/hotels/me", token, expect: 200 })).body["valid_to"] as string;
  const event = await paidInvoice(hotelId, suffix);
  const signature = await Stripe.webhooks.generateTestHeaderStringAsync({ payload: event, secret: webhookSecret });
  const delivery: Call = {
    method: "POST",
    path: "/billing/webhook",
    raw: { text: event, type: "application/json", headers: { "stripe-signature": signature } },
    expect: 200,
  };
  await call(delivery);
  const after = await until(async () => {
    const { body } = await send(address, { method: "GET", path: "/hotels/me", token, expect: 200 }, () => undefined);
    return body["valid_to"] === before ? undefined : (body["valid_to"] as string);
  });
  await call({ method: "GET", path: "/hotels/me", token, expect: 200 });
  print("\n   The same event changes nothing the second time, and a bad signature is refused.\n");
  await call(delivery);
  const forged = {
    ...delivery.raw,
    text: event,
    type: "application/json",
    headers: { "stripe-signature": "t=1,v1=00" },
  };
  await call({ ...delivery, raw: forged, expect: 400 });

  print("\n4. The manager creates a report, watches it, and downloads it.\n");
  const asked = await call({ method: "POST", path: "/reports/bookings", token, body: { by: "arrival" }, expect: 202 });
  const report = asked.headers.get("location") ?? "";
  await until(async () => {
    const { body } = await call({ method: "GET", path: report, token, expect: 200 });
    return body["status"] === "succeeded" ? true : undefined;
  });
  const { text: csv } = await call({ method: "GET", path: `${report}/download`, token, expect: 200 });
  return { hotelId, bookingId, validTo: [before, after], csv };
}

async function send(
  address: string,
  { method, path: where, token, body, raw, expect }: Call,
  print: (line: string) => void,
): Promise<Answer> {
  const content = raw?.text ?? (body === undefined ? undefined : JSON.stringify(body));
  print(`   ${method} ${where}${body === undefined ? "" : ` ${content}`}`);
  const response = await fetch(address + where, {
    method,
    headers: {
      ...(content === undefined ? {} : { "content-type": raw?.type ?? "application/json" }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...raw?.headers,
    },
    ...(content === undefined ? {} : { body: content }),
  });
  const text = await response.text();
  print(`   ${response.status} ${text.length > 400 ? `${text.slice(0, 400)}…` : text.trimEnd()}\n`);
  if (response.status !== expect)
    throw new Error(`${method} ${where} answered ${response.status} and not ${expect}: ${text}`);
  const json = /json/.test(response.headers.get("content-type") ?? "") && text !== "";
  return { text, headers: response.headers, body: json ? (JSON.parse(text) as Record<string, unknown>) : {} };
}

/** A year's invoice in the shape that Stripe sends since 2025. */
async function paidInvoice(hotelId: string, suffix: string): Promise<string> {
  const template = await readFile(path.join(import.meta.dirname, "invoice_payment_succeeded.json"), "utf8");
  const inAYear = Math.floor(Date.now() / 1000) + 365 * 86_400;
  return template.replaceAll("EVENT", suffix).replaceAll("HOTEL_ID", hotelId).replace("9999999999", String(inAYear));
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  const patience = Date.now() + 20_000;
  while (Date.now() < patience) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await sleep(200);
  }
  throw new Error("It did not happen within 20 seconds.");
}

/** Plays against `KEYRACK_URL` (default http://localhost:8000), and starts Keyrack if no server answers there. */
async function main(): Promise<void> {
  const address = process.env["KEYRACK_URL"] ?? `http://localhost:${process.env["PORT"] ?? "8000"}`;
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const own = (await answers(address)) ? undefined : await startKeyrack(address, print);
  try {
    const { csv } = await walkThrough({ address, webhookSecret: await webhookSecret(), print });
    const file = `bookings-${new Date().toISOString().slice(0, 10)}.csv`;
    await writeFile(file, csv);
    print(`The report is in ${path.resolve(file)}.`);
  } finally {
    await own?.();
  }
}

async function webhookSecret(): Promise<string> {
  const given = process.env["STRIPE_WEBHOOK_SECRET"];
  if (given !== undefined && given !== "") return given;
  return (await readFile(path.join(process.env["DATA_DIR"] ?? ".data", "stripe_webhook_secret"), "utf8")).trim();
}

async function answers(address: string): Promise<boolean> {
  return fetch(`${address}/health/ready`).then(
    (response) => response.ok,
    () => false,
  );
}

async function startKeyrack(address: string, print: (line: string) => void): Promise<() => Promise<void>> {
  print(`No server answers at ${address}. Starting Keyrack there.`);
  const start = path.join(import.meta.dirname, "..", "bin", "start.ts");
  const keyrack = spawn(process.execPath, ["--import", "tsx", start], { stdio: ["ignore", "ignore", "inherit"] });
  const ended = new Promise<void>((resolve) => keyrack.once("exit", () => resolve()));
  await until(async () => {
    if (keyrack.exitCode !== null) throw new Error("Keyrack did not start.");
    return (await answers(address)) ? true : undefined;
  });
  return async () => {
    keyrack.kill("SIGTERM");
    await ended;
  };
}

if (import.meta.filename === process.argv[1]) await main();
