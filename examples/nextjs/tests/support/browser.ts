import { createTaskClient } from "@task-api/client";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { API_URL } from "./api.js";
import { required } from "./server.js";

export const APP_URL = required("BETTER_AUTH_URL");
export const PASSWORD = "correct horse battery staple";

let browser: Browser;
let devices = 0;

/** Run Chromium for the tests of a file. */
export function useChromium() {
  beforeAll(async () => {
    const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  });
  afterAll(() => browser.close());
}

/** Open the sign-in page on a device of its own. */
export async function newDevice(options: BrowserContextOptions = {}): Promise<Page> {
  const address = { "x-forwarded-for": `192.0.2.${devices++}` }; // Better Auth limits sign-ups from one address
  const context = await browser.newContext({ baseURL: APP_URL, extraHTTPHeaders: address, ...options });
  context.setDefaultTimeout(15_000);
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.goto("/sign-in");
  return page;
}

export interface User {
  page: Page;
  email: string;
}

/** Sign a new user up, and wait for the list of tasks. */
export async function signUp(options: BrowserContextOptions & { name?: string } = {}): Promise<User> {
  const page = await newDevice(options);
  const email = `${crypto.randomUUID()}@example.com`;
  await page.getByRole("button", { name: "Create an account" }).click();
  await page.getByLabel("Name").fill(options.name ?? "Demo user");
  await fillIn(page, email, PASSWORD);
  await page.getByRole("button", { name: "Sign up" }).click();
  await page.getByText("In sync").waitFor();
  return { page, email };
}

export async function fillIn(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
}

/** Open another tab of the same browser. */
export async function newTab(page: Page): Promise<Page> {
  const tab = await page.context().newPage();
  await tab.goto("/");
  await tab.getByText("In sync").waitFor();
  return tab;
}

/** Make a client of the page's user that runs elsewhere, such as on a phone. */
export function elsewhere(page: Page) {
  const getToken = async () => (await page.context().request.get("/api/auth/token")).json();
  return createTaskClient({ baseUrl: API_URL, getToken });
}

export async function add(page: Page, title: string): Promise<void> {
  await page.getByLabel("New task", { exact: true }).fill(title);
  await page.getByLabel("New task", { exact: true }).press("Enter");
  await row(page, title).waitFor();
}

/** Create tasks as people have them, for pictures. */
export async function addExamples(page: Page): Promise<void> {
  const device = elsewhere(page);
  const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  await device.bulk({
    operations: [
      { title: "Pay the electricity bill", due_date: day(-2), tags: ["home"] },
      { title: "Water the plants", due_date: day(0), recurrence: "FREQ=WEEKLY", tags: ["home", "garden"] },
      { title: "Prepare the slides for the team meeting", due_date: day(1), tags: ["work"] },
      { title: "Call the dentist", due_date: day(4) },
      { title: "Renew the passport", due_date: day(30), tags: ["travel"] },
      { title: "Read the new chapter" },
      { title: "Book the train to Vienna", completed: true, tags: ["travel"] },
    ].map((task) => ({ op: "create", task })),
  });
  await row(page, "Read the new chapter").waitFor();
}

export function row(page: Page, title: string) {
  return page.getByRole("list", { name: "Tasks" }).getByRole("listitem").filter({ hasText: title });
}

/** Return the titles of the tasks that the client has stored in the browser. */
export function storedTitles(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const resultOf = <Result>(request: IDBRequest<Result>) =>
      new Promise<Result>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const database = await resultOf(indexedDB.open("task-api"));
    const range = IDBKeyRange.bound("task-api:tasks:", "task-api:tasks:\uffff");
    const values: { title?: string }[] = await resultOf(database.transaction("edits").objectStore("edits").getAll(range));
    database.close();
    return values.flatMap(({ title }) => title ?? []).sort();
  });
}

/** Save a picture for people to look at. */
export async function screenshot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `screenshots/${name}.png`, animations: "disabled" });
}
