import "fake-indexeddb/auto";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { defaultStore, type DeviceStore } from "../src/device-store.js";
import type { Task, TaskClient } from "../src/index.js";
import { newUid } from "../src/uid.js";
import { newClient, newUser, until } from "./support/api.js";
import { Device, haveConverged } from "./support/device.js";
import { Locks } from "./support/locks.js";
import { startNetwork } from "./support/network.js";
import type { Fault } from "./support/proxy.js";
import { Random } from "./support/random.js";
import { storedCopy } from "./support/stored.js";

const SEEDS = Number(process.env.SEEDS ?? 1);
const STEPS = 120;
const BROWSERS = 4; // the first one with two tabs
const FAULTS: Fault[] = ["drop", "lose the response", "delay the body", { status: 503 }, { status: 500 }, { status: 429 }];

const run = promisify(execFile);

const byUid = (tasks: Task[]) => [...tasks].sort((one, other) => (one.uid < other.uid ? -1 : 1));

/** Remove what is in the trash, and tombstones, as the operator's command does. */
async function purge(): Promise<void> {
  const [command = "", ...options] = (process.env.PURGE ?? "").split(" ");
  await run(command, options, { cwd: "../..", env: { ...process.env, TRASH_RETENTION_DAYS: "0" } });
}

/** Delete tasks permanently and purge them while a browser is offline, whose sync token is expired then. */
async function vanish(server: TaskClient, { network }: Browser): Promise<void> {
  network.goOffline();
  const { tasks } = await server.list({ limit: 3 });
  for (const { id } of tasks) await server.delete(id, { permanent: true }).catch(() => {}); // a browser may have deleted it
  await purge();
}

/**
 * A browser with one tab or two, which may be killed, and whose disk is full at times; the categories of its tasks are
 * changed by it alone.
 */
class Browser {
  readonly store: DeviceStore = { ...defaultStore(), writeIf: (...write) => this.#writeIf(...write) };
  readonly tabs: Device[];
  /** The last category that each task of this browser has got, by uid. */
  readonly categories = new Map<string, string>();
  /** The uids of tasks whose edits were reported as refused or in conflict. */
  readonly reported = new Set<string>();
  /** The uids of tasks that this browser has inserted again, with the category that they had when it deleted them. */
  readonly inserted = new Set<string>();
  hasSpace = false;
  conflicts = 0;
  ownConflicts = 0;
  #deleted: Task[] = [];
  #edits = 0;

  constructor(
    private readonly name: number,
    private readonly user: string,
    readonly network: Awaited<ReturnType<typeof startNetwork>>,
    private readonly random: Random,
  ) {
    this.tabs = name === 0 ? [this.#open(), this.#open()] : [this.#open()];
  }

  async act(): Promise<void> {
    const tab = this.random.pick(this.tabs);
    const step = this.random.below(20);
    if (step < 4) this.#insert(tab);
    else if (step < 10) this.#update(tab, this.random.below(3) ? 1 : 5);
    else if (step < 12) this.#complete(tab);
    else if (step < 13) this.#delete(tab);
    else if (step < 14) this.#restore(tab);
    else if (step < 15) this.network.goOffline();
    else if (step < 17) this.network.goOnline();
    else if (step < 19) this.network.failWrites(this.random.pick(FAULTS));
    else await this.#kill(tab);
  }

  /** Store tasks, or fail at random, as a full disk does; it can be emptied. */
  async #writeIf(...write: Parameters<NonNullable<DeviceStore["writeIf"]>>): Promise<void> {
    const [{ key }, values] = write;
    const hasTasks = key.startsWith("task-api:tasks:") && Object.keys(values).length > 1;
    if (hasTasks && !this.hasSpace && this.random.below(4) === 0) throw new Error("The disk is full.");
    await defaultStore().writeIf?.(...write);
  }

  #open(): Device {
    const client = newClient({ user: this.user, baseUrl: this.network.proxy.url });
    return new Device(client, {
      store: this.store,
      onRejected: (_, { uid }) => this.reported.add(uid),
      onConflict: ({ task, changes }) => {
        this.conflicts++;
        if ("category" in changes) this.#reportConflict(task.uid);
        return this.random.below(2) ? changes : undefined;
      },
    });
  }

  /** A conflict of the browser with itself, which is possible if two tabs edit within milliseconds. */
  #reportConflict(uid: string): void {
    this.reported.add(uid);
    if (this.tabs.length === 1 && this.categories.has(uid)) this.ownConflicts++;
  }

  /** Return a new text, which the server stores without its spaces. */
  get #text(): string {
    return ` ${this.name}-${++this.#edits} `;
  }

  /** Return the uid of a task that the tab shows, undefined if there is none. */
  #pick(tab: Device): string | undefined {
    const uids = [...tab.tasks.keys()].sort();
    return uids.length > 0 ? this.random.pick(uids) : undefined;
  }

  #insert({ tasks }: Device): void {
    const [uid, category] = [newUid(), this.#text];
    const recurrence = this.random.below(4) ? null : "FREQ=DAILY";
    tasks.insert({ uid, title: this.#text, category, recurrence, due_date: recurrence && "2099-01-01" });
    this.categories.set(uid, category);
  }

  #update(tab: Device, count: number): void {
    const uids = new Set(Array.from({ length: count }, () => this.#pick(tab)).filter((uid) => uid !== undefined));
    if (uids.size === 0) return;
    tab.tasks.update([...uids], (drafts) => {
      for (const draft of drafts) this.#change(draft as Task);
    });
  }

  #change(draft: Task): void {
    if (this.categories.has(draft.uid) && this.random.below(2)) {
      draft.category = this.#text;
      this.categories.set(draft.uid, draft.category);
    } else if (this.random.below(2)) draft.title = this.#text;
    else draft.priority = this.random.pick(["low", "medium", "high"] as const);
  }

  #complete(tab: Device): void {
    const uid = this.#pick(tab);
    if (!uid) return;
    tab.tasks.update(uid, (draft) => {
      draft.completed = !draft.completed;
    });
  }

  #delete(tab: Device): void {
    const row = tab.tasks.get(this.#pick(tab) ?? "");
    if (!row) return;
    this.#deleted.push(row);
    tab.tasks.delete(row.uid);
  }

  #restore({ tasks }: Device): void {
    const row = this.#deleted.pop();
    if (!row || tasks.has(row.uid)) return;
    tasks.insert(row);
    this.inserted.add(row.uid);
  }

  /** Close the tab once its edits are stored, whatever is on its way, and open another one. */
  async #kill(tab: Device): Promise<void> {
    await tab.stored();
    await tab.kill();
    this.tabs[this.tabs.indexOf(tab)] = this.#open();
  }
}

beforeEach(() => {
  vi.stubGlobal("navigator", { locks: new Locks(), onLine: true });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

test.each(Array.from({ length: SEEDS }, (_, index) => index + 1))(
  "CLIENT-FR-086: the copies of several devices end equal to the server's, whatever happens (seed %d)",
  async (seed) => {
    const random = new Random(seed);
    const user = newUser();
    const server = newClient({ user });
    const browsers: Browser[] = [];
    for (let name = 0; name < BROWSERS; name++) browsers.push(new Browser(name, user, await startNetwork(), random));
    for (let step = 0; step < STEPS; step++) {
      await random.pick(browsers).act();
      if (step === STEPS / 2 || step === STEPS - 10) await vanish(server, random.pick(browsers));
      if (random.below(2)) await new Promise((resolve) => setTimeout(resolve, random.below(50)));
    }
    for (const browser of browsers) {
      browser.network.goOnline();
      browser.hasSpace = true;
    }
    await haveConverged(server, ...browsers.flatMap(({ tabs }) => tabs));
    const { tasks } = await server.list({ limit: 1000 });
    const inserted = new Set(browsers.flatMap((browser) => [...browser.inserted]));
    for (const { network, categories, reported, ownConflicts } of browsers) {
      expect(await defaultStore().read(`task-api:edits:${encodeURIComponent(network.proxy.url)}:`)).toEqual([]);
      await until(async () => {
        const { since } = await storedCopy(network.proxy.url); // after a purge it can be lower than that of a new load
        if (!since) return false;
        return server.changes(since).then(
          (missing) => missing.tasks.length === 0,
          () => false,
        );
      }, 60);
      expect(byUid((await storedCopy(network.proxy.url)).tasks)).toEqual(byUid(tasks));
      expect(ownConflicts).toBe(0);
      for (const { uid, category } of tasks) {
        if (categories.has(uid) && !reported.has(uid) && !inserted.has(uid)) expect(category).toBe(categories.get(uid)?.trim());
      }
    }
    const sum = (count: (browser: Browser) => number) => browsers.reduce((total, browser) => total + count(browser), 0);
    const [conflicts, reported] = [sum((each) => each.conflicts), sum((each) => each.reported.size)];
    console.log(`seed ${seed}: ${tasks.length} tasks, ${conflicts} conflicts, ${reported} tasks with edits that were refused`);
  },
  120_000,
);
