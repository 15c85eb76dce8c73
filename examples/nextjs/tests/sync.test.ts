import { afterAll, beforeAll, expect, test } from "vitest";
import { startApi } from "./support/api.js";
import { add, addExamples, elsewhere, fillIn, newTab, PASSWORD, row, screenshot, signUp, storedTitles, useChromium } from "./support/browser.js";
import type { Server } from "./support/server.js";

let api: Server;
beforeAll(async () => void (api = await startApi()));
afterAll(() => api.stop());
useChromium();

const OFFLINE_MS = 10_000;

const titles = async (page: Parameters<typeof elsewhere>[0]) =>
  (await elsewhere(page).list({ sort: "title" })).tasks.map(({ title }) => title);

test("CLIENT-FR-096: a session goes on when its tokens of 15 s expire", async () => {
  const { page } = await signUp();
  const device = elsewhere(page);
  const start = performance.now();
  for (const second of [0, 8, 16, 24]) {
    await expect.poll(() => performance.now() - start > second * 1000, { timeout: 30_000 }).toBe(true);
    await device.create({ title: `There after ${second} s` });
    await row(page, `There after ${second} s`).waitFor();
    await add(page, `And here after ${second} s`);
  }
  expect(await titles(page)).toHaveLength(8);
});

test("CLIENT-FR-097: edits that are made while the API is down are saved when it is up again", async () => {
  const { page } = await signUp();
  await add(page, "Before");
  await api.stop();
  await add(page, "Meanwhile");
  await row(page, "Before").getByRole("checkbox").click();
  await page.getByText(/waiting/).waitFor();
  api = await startApi();
  await page.getByText("In sync").waitFor();
  await expect.poll(() => titles(page), { timeout: 30_000 }).toEqual(["Before", "Meanwhile"]);
  expect((await elsewhere(page).list({ status: "completed" })).tasks).toMatchObject([{ title: "Before" }]);
});

test("CLIENT-FR-097: edits are shown, and saved later, although the API is down when the page is loaded", async () => {
  const { page } = await signUp();
  await api.stop();
  await page.reload();
  await add(page, "Written early");
  await page.getByText("The server cannot be reached. · 1 change waiting").waitFor();
  api = await startApi();
  await page.getByText("In sync").waitFor();
  await expect.poll(() => titles(page), { timeout: 30_000 }).toEqual(["Written early"]);
});

test("CLIENT-FR-115: a page that is loaded while the API is down shows all tasks, and later what has changed", async () => {
  const { page } = await signUp();
  await elsewhere(page).create({ title: "Buy milk" });
  await add(page, "Bake bread");
  await expect.poll(() => storedTitles(page)).toEqual(["Bake bread", "Buy milk"]);
  await api.stop();
  await page.reload();
  await row(page, "Bake bread").waitFor();
  await row(page, "Buy milk").getByRole("checkbox").click();
  await add(page, "Written offline");
  await page.getByText("2 changes waiting").waitFor();
  await page.reload();
  await row(page, "Bake bread").waitFor();
  await row(page, "Written offline").waitFor();
  expect(await row(page, "Buy milk").count()).toBe(0);
  api = await startApi();
  await elsewhere(page).create({ title: "Written elsewhere" });
  await row(page, "Written elsewhere").waitFor({ timeout: 45_000 });
  await page.getByText("In sync").waitFor();
  await expect.poll(() => titles(page), { timeout: 30_000 }).toHaveLength(4);
  expect((await elsewhere(page).list({ status: "completed" })).tasks).toMatchObject([{ title: "Buy milk" }]);
});

test("CLIENT-FR-097: the page shows why the API does not save an edit", async () => {
  const { page } = await signUp();
  const detail = "Your account is suspended.";
  const problem = { type: "urn:problem-type:forbidden", title: "Forbidden", status: 403, detail };
  await page.context().route("**/tasks/bulk", (route) =>
    route.fulfill({ status: 403, headers: { "access-control-allow-origin": "*" }, json: problem }),
  );
  await add(page, "Not saved");
  await page.getByText(`${detail} · 1 change waiting`).waitFor();
});

test("CLIENT-FR-098: edits of two tabs that are offline reach the server, and both tabs", async () => {
  const { page } = await signUp();
  const tab = await newTab(page);
  await add(page, "Shared");
  await row(tab, "Shared").waitFor();
  await expect.poll(() => titles(page)).toEqual(["Shared"]);
  await page.context().setOffline(true);
  await page.getByText("Offline").waitFor();
  await add(page, "From one tab");
  await add(tab, "From the other");
  await tab.getByRole("button", { name: "Delete Shared" }).click();
  await page.getByText("3 changes waiting").waitFor();
  await screenshot(page, "offline");
  await page.waitForTimeout(OFFLINE_MS);
  await page.context().setOffline(false);
  for (const each of [page, tab]) {
    await row(each, "From one tab").waitFor();
    await row(each, "From the other").waitFor();
    await row(each, "Shared").waitFor({ state: "detached" });
    await each.getByText("In sync").waitFor();
  }
  expect(await titles(page)).toEqual(["From one tab", "From the other"]);
});

test("CLIENT-FR-099: a conflict is shown, and the user chooses", async () => {
  const { page } = await signUp({ viewport: { width: 1000, height: 760 } });
  await addExamples(page);
  for (const [choice, title] of [["Keep theirs", "Buy soy milk"], ["Use mine", "Buy oat milk"]] as const) {
    const task = await elsewhere(page).create({ title: "Buy milk", due_date: new Date().toISOString().slice(0, 10) });
    await row(page, "Buy milk").waitFor();
    await page.context().setOffline(true);
    await page.getByRole("button", { name: "Edit Buy milk" }).click();
    await page.getByLabel("Title").fill("Buy oat milk");
    await page.getByRole("button", { name: "Save" }).click();
    await elsewhere(page).update(task.id, { title: "Buy soy milk", tags: ["vegan"] });
    await page.context().setOffline(false);
    const notice = page.getByText("Title: “Buy soy milk” there, “Buy oat milk” here.");
    await notice.waitFor();
    await screenshot(page, "conflict");
    await page.getByRole("button", { name: choice }).click();
    await notice.waitFor({ state: "detached" });
    await row(page, title).getByText("#vegan").waitFor();
    await expect.poll(() => titles(page)).toContain(title);
    await elsewhere(page).delete(task.id);
    await row(page, title).waitFor({ state: "detached" });
  }
});

test("CLIENT-FR-099: the editor leaves alone what only another device has changed while it was open", async () => {
  const { page } = await signUp();
  const task = await elsewhere(page).create({ title: "Buy milk", due_date: "2099-11-01", recurrence: "FREQ=DAILY" });
  await page.getByRole("button", { name: "Edit Buy milk" }).click();
  await page.getByLabel("Due", { exact: true }).fill("2099-12-01");
  await elsewhere(page).update(task.id, { title: "Buy soy milk", recurrence: "FREQ=WEEKLY" });
  await page.getByRole("form", { name: "Edit Buy soy milk" }).waitFor();
  await page.getByRole("button", { name: "Save" }).click();
  await row(page, "Buy soy milk").getByText("Dec 1, 2099").waitFor();
  const saved = { title: "Buy soy milk", recurrence: "FREQ=WEEKLY", due_date: "2099-12-01" };
  await expect.poll(() => elsewhere(page).get(task.id)).toMatchObject(saved);
});

test("CLIENT-FR-099: an edit that the server refuses is shown with its reason", async () => {
  const { page } = await signUp();
  const task = await elsewhere(page).create({ title: "Report" });
  await row(page, "Report").waitFor();
  await page.context().setOffline(true);
  await page.getByRole("button", { name: "Edit Report" }).click();
  await page.getByLabel("Title").fill("A text that took an hour");
  await page.getByRole("button", { name: "Save" }).click();
  await elsewhere(page).delete(task.id);
  await page.context().setOffline(false);
  await page.getByText(/“Report” was not saved\. .+ Title: “A text that took an hour”\./).waitFor();
});

test("CLIENT-FR-104: edits that are made after the session has ended are saved when the user signs in again", async () => {
  const { page, email } = await signUp();
  await page.context().clearCookies();
  const link = page.getByRole("link", { name: "You are signed out: sign in" });
  await link.waitFor({ timeout: 30_000 }); // when the token expires
  await add(page, "Written too late");
  await link.click();
  await fillIn(page, email, PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await row(page, "Written too late").waitFor();
  await expect.poll(() => titles(page)).toEqual(["Written too late"]);
});
