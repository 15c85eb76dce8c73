import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, expect, test, vi } from "vitest";
import { memoryStore } from "../src/edit-store.js";
import type { Task } from "../src/index.js";
import type { Edit } from "../src/tanstack-db.js";
import { newClient, newUser } from "./support/api.js";
import { Device, haveConverged } from "./support/device.js";
import { startNetwork } from "./support/network.js";
import type { Fault } from "./support/proxy.js";
import { Random } from "./support/random.js";

const SEEDS = Number(process.env.SEEDS ?? 1);
const STEPS = 120;
const BROWSERS = 4;
const FAULTS: Fault[] = ["drop", "lose the response", { status: 503 }, { status: 500 }, { status: 429 }];

const run = promisify(execFile);

/** Remove what is in the trash, and tombstones, as the operator's command does. */
async function purge(): Promise<void> {
  const [command = "", ...options] = (process.env.PURGE ?? "").split(" ");
  await run(command, options, { cwd: "../..", env: { ...process.env, TRASH_RETENTION_DAYS: "0" } });
}

/** A browser, whose page may be killed; its tasks' descriptions are changed by it alone. */
class Browser {
  readonly store = memoryStore();
  /** The last description that each task of this browser has got, by uid. */
  readonly descriptions = new Map<string, string>();
  deleted: Task[] = [];
  /** The tasks of which the server has refused an edit, because they were deleted. */
  readonly refused = new Set<string>();
  conflicts = 0;
  page: Device;
  #edits = 0;

  constructor(
    private readonly name: number,
    private readonly user: string,
    readonly network: Awaited<ReturnType<typeof startNetwork>>,
    private readonly random: Random,
  ) {
    this.page = this.open();
  }

  open(): Device {
    const client = newClient({ user: this.user, baseUrl: this.network.proxy.url });
    const onConflict = ({ changes }: { changes: object }) => {
      this.conflicts++;
      return this.random.below(2) ? changes : undefined;
    };
    const onRejected = (_: unknown, { uid }: Edit) => this.refused.add(uid);
    this.page = new Device(client, { store: this.store, onConflict, onRejected });
    return this.page;
  }

  async act(): Promise<void> {
    const step = this.random.below(20);
    if (step < 4) this.#insert();
    else if (step < 10) this.#update(this.random.below(3) ? 1 : 5);
    else if (step < 12) this.#complete();
    else if (step < 13) this.#delete();
    else if (step < 14) this.#restore();
    else if (step < 15) this.network.goOffline();
    else if (step < 17) this.network.goOnline();
    else if (step < 19) this.network.failWrites(this.random.pick(FAULTS));
    else await this.#kill();
  }

  get #text(): string {
    return `${this.name}-${++this.#edits}`;
  }

  get #rows(): Task[] {
    return [...this.page.tasks.values()].sort((one, other) => (one.uid < other.uid ? -1 : 1));
  }

  #insert(): void {
    const description = this.#text;
    const title = this.#text;
    const recurrence = this.random.below(4) ? null : "FREQ=DAILY";
    this.page.tasks.insert({ title, description, recurrence, due_date: recurrence && "2099-01-01" });
    const task = this.#rows.find((each) => each.title === title);
    if (task) this.descriptions.set(task.uid, description);
  }

  #update(count: number): void {
    const rows = this.#rows;
    if (rows.length === 0) return;
    const uids = [...new Set(Array.from({ length: count }, () => this.random.pick(rows).uid))];
    this.page.tasks.update(uids, (drafts) => {
      for (const draft of drafts) this.#change(draft as Task);
    });
  }

  #change(draft: Task): void {
    if (this.descriptions.has(draft.uid) && this.random.below(2)) {
      draft.description = this.#text;
      this.descriptions.set(draft.uid, draft.description);
    } else if (this.random.below(2)) draft.title = this.#text;
    else draft.priority = this.random.pick(["low", "medium", "high"] as const);
  }

  #complete(): void {
    const rows = this.#rows;
    if (rows.length === 0) return;
    this.page.tasks.update(this.random.pick(rows).uid, (draft) => {
      draft.completed = !draft.completed;
    });
  }

  #delete(): void {
    const rows = this.#rows;
    if (rows.length === 0) return;
    const row = this.random.pick(rows);
    this.deleted.push(row);
    this.page.tasks.delete(row.uid);
  }

  #restore(): void {
    const row = this.deleted.pop();
    if (row && !this.page.tasks.has(row.uid)) this.page.tasks.insert(row);
  }

  /** Close the page once its edits are stored, whatever is on its way, and open another one. */
  async #kill(): Promise<void> {
    await this.page.stored();
    await this.page.kill();
    this.open();
  }
}

afterEach(() => {
  vi.unstubAllGlobals();
});

test.each(Array.from({ length: SEEDS }, (_, index) => index + 1))(
  "CLIENT-FR-086: the copies of several devices end equal to the server's, whatever happens (seed %d)",
  async (seed) => {
    const random = new Random(seed);
    const user = newUser();
    const browsers: Browser[] = [];
    for (let name = 0; name < BROWSERS; name++) browsers.push(new Browser(name, user, await startNetwork(), random));
    for (let step = 0; step < STEPS; step++) {
      await random.pick(browsers).act();
      if (step === STEPS / 2 || step === STEPS - 10) await purge();
      if (random.below(2)) await new Promise((resolve) => setTimeout(resolve, random.below(50)));
    }
    for (const { network } of browsers) network.goOnline();
    const server = newClient({ user });
    await haveConverged(server, ...browsers.map(({ page }) => page));
    const { tasks } = await server.list({ limit: 1000 });
    for (const { store, descriptions, refused } of browsers) {
      expect(await store.read("")).toEqual([]);
      for (const { uid, description } of tasks) {
        if (descriptions.has(uid) && !refused.has(uid)) expect(description).toBe(descriptions.get(uid));
      }
    }
    const sum = (count: (browser: Browser) => number) => browsers.reduce((total, browser) => total + count(browser), 0);
    const [conflicts, refused] = [sum((each) => each.conflicts), sum((each) => each.refused.size)];
    console.log(`seed ${seed}: ${tasks.length} tasks, ${conflicts} conflicts, ${refused} tasks with refused edits`);
  },
  120_000,
);
