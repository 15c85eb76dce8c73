import { afterAll, beforeAll, expect, test } from "vitest";
import { startApi } from "./support/api.js";
import { add, elsewhere, fillIn, newDevice, newTab, PASSWORD, row, signUp, storedTitles, useChromium } from "./support/browser.js";
import type { Server } from "./support/server.js";

let api: Server;
beforeAll(async () => void (api = await startApi()));
afterAll(() => api.stop());
useChromium();

test("CLIENT-FR-090: a user signs up, signs out and signs in", async () => {
  const { page, email } = await signUp();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL("/sign-in");
  await page.goto("/");
  await page.waitForURL("/sign-in");
  await fillIn(page, email, "a wrong password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Invalid email or password").waitFor();
  await fillIn(page, email, PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("In sync").waitFor();
});

test("CLIENT-FR-090: signing out in one tab leads the others to the sign-in page", async () => {
  const { page } = await signUp();
  const tab = await newTab(page);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL("/sign-in");
  await tab.waitForURL("/sign-in");
});

test("CLIENT-FR-115: when the user signs out, the tasks are removed from the browser", async () => {
  const { page } = await signUp();
  const tab = await newTab(page);
  await add(page, "Buy milk");
  for (const each of [page, tab]) await expect.poll(() => storedTitles(each)).toEqual(["Buy milk"]);
  await page.getByRole("button", { name: "Sign out" }).click();
  for (const each of [page, tab]) await each.waitForURL("/sign-in");
  expect(await storedTitles(page)).toEqual([]);
});

test("CLIENT-FR-091: a task is added, edited in place, filtered and searched by keyboard", async () => {
  const { page } = await signUp();
  await add(page, "Buy milk");
  await add(page, "Call the dentist");
  await page.getByRole("button", { name: "Edit Buy milk" }).press("Enter");
  await page.getByLabel("Title").fill("Buy oat milk");
  await page.getByLabel("Due", { exact: true }).fill("2099-12-01");
  await page.getByLabel("Repeat").selectOption("Every week");
  await page.getByLabel("Tags").fill("home, shop");
  await page.keyboard.press("Enter");
  const edited = row(page, "Buy oat milk");
  await edited.getByText("Dec 1, 2099").waitFor();
  await edited.getByText("Every week").waitFor();
  expect(await page.getByRole("button", { name: "Edit Buy oat milk" }).evaluate((button) => button === document.activeElement)).toBe(true);
  await expect.poll(async () => (await elsewhere(page).list({ tag: ["shop"] })).tasks).toMatchObject([
    { title: "Buy oat milk", due_date: "2099-12-01", recurrence: "FREQ=WEEKLY", tags: ["home", "shop"] },
  ]);

  await page.getByLabel("Search").fill("DENTIST");
  await edited.waitFor({ state: "detached" });
  await row(page, "Call the dentist").waitFor();
  await page.getByLabel("Search").fill("nothing has this");
  await page.getByText("Nothing found.").waitFor();
  await page.getByLabel("Search").fill("");
  await edited.getByRole("button", { name: "Show tasks with the tag home" }).click();
  await row(page, "Call the dentist").waitFor({ state: "detached" });

  await page.getByRole("button", { name: "Remove the filter home" }).press("Enter");
  await page.getByRole("button", { name: "Delete Call the dentist" }).press("Enter");
  await row(page, "Call the dentist").waitFor({ state: "detached" });
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
  expect(await focused()).toBe("Complete Buy oat milk");
});

test("CLIENT-FR-091: a search takes % and _ for themselves", async () => {
  const { page } = await signUp();
  await add(page, "Save 100% of file_name");
  await add(page, "Buy milk");
  for (const search of ["0% of", "e_n"]) {
    await page.getByLabel("Search").fill(search);
    await row(page, "Buy milk").waitFor({ state: "detached" });
    await row(page, "Save 100%").waitFor();
    await page.getByLabel("Search").fill(search.replace(/[%_]/, "$&$&"));
    await page.getByText("Nothing found.").waitFor();
  }
});

test("CLIENT-FR-091: the focus stays on the page when the last row is completed by keyboard", async () => {
  const { page } = await signUp();
  await add(page, "Buy milk");
  await page.getByRole("checkbox", { name: "Complete Buy milk" }).press("Space");
  await page.getByText("All clear.").waitFor();
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("To do");
});

test("CLIENT-FR-092: a completion is undone, also that of a recurring task", async () => {
  const { page } = await signUp();
  await elsewhere(page).create({ title: "Water the plants", due_date: "2099-12-01", recurrence: "FREQ=DAILY" });
  await row(page, "Water the plants").getByRole("checkbox").click();
  await row(page, "Water the plants").getByText("Dec 2, 2099").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await row(page, "Water the plants").getByText("Dec 1, 2099").waitFor();
  await row(page, "Water the plants").getByText("Dec 2, 2099").waitFor({ state: "detached" });
  expect((await elsewhere(page).list()).tasks).toMatchObject([{ completed: false, due_date: "2099-12-01" }]);
});

test("CLIENT-FR-093: a deletion is undone, and the trash restores and deletes permanently", async () => {
  const { page } = await signUp();
  await add(page, "Buy milk");
  await page.getByRole("button", { name: "Delete Buy milk" }).click();
  await row(page, "Buy milk").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Undo" }).click();
  await row(page, "Buy milk").waitFor();
  await page.getByRole("button", { name: "Delete Buy milk" }).click();
  await row(page, "Buy milk").waitFor({ state: "detached" });
  await expect.poll(async () => (await elsewhere(page).list({ trashed: true })).count).toBe(1);
  await page.getByRole("button", { name: "Trash" }).click();
  await page.getByRole("button", { name: "Restore Buy milk" }).click();
  await page.getByText("The trash is empty.").waitFor();
  await page.getByRole("button", { name: "To do" }).click();
  await page.getByRole("button", { name: "Delete Buy milk" }).click();
  await expect.poll(async () => (await elsewhere(page).list({ trashed: true })).count).toBe(1);
  await page.getByRole("button", { name: "Trash" }).click();
  await page.getByRole("button", { name: "Delete permanently: Buy milk" }).click();
  await page.getByText("The trash is empty.").waitFor();
  expect((await elsewhere(page).list({ trashed: true })).tasks).toEqual([]);
});

test("CLIENT-FR-094: two users see their own tasks only, also in one browser", async () => {
  const [one, two] = [await signUp(), await signUp()];
  await add(one.page, "A secret of one");
  await add(two.page, "A secret of two");
  expect(await one.page.getByText("A secret of two").count()).toBe(0);
  expect(await two.page.getByText("A secret of one").count()).toBe(0);
  await one.page.getByRole("button", { name: "Sign out" }).click();
  await one.page.waitForURL("/sign-in");
  await fillIn(one.page, two.email, PASSWORD);
  await one.page.getByRole("button", { name: "Sign in" }).click();
  await row(one.page, "A secret of two").waitFor();
  expect(await one.page.getByText("A secret of one").count()).toBe(0);
});

test("CLIENT-FR-095: tabs and devices show each other's changes", async () => {
  const { page, email } = await signUp();
  const tab = await newTab(page);
  const device = await newDevice();
  await fillIn(device, email, PASSWORD);
  await device.getByRole("button", { name: "Sign in" }).click();
  await device.getByText("In sync").waitFor();
  await add(page, "Buy milk");
  await row(tab, "Buy milk").waitFor();
  await row(device, "Buy milk").getByRole("checkbox").click();
  await row(page, "Buy milk").waitFor({ state: "detached" });
  await row(tab, "Buy milk").waitFor({ state: "detached" });
});
