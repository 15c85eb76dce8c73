import { InfiniteQueryObserver, QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, onTestFinished, test } from "vitest";
import { keepFresh, taskPagesQuery, taskQuery, tasksQuery } from "../src/react-query.js";
import { newClient, newUser, until } from "./support/api.js";
import { startProxy } from "./support/proxy.js";

test("CLIENT-FR-087: queries fetch a page, all pages and one task", async () => {
  const client = newClient();
  const queries = new QueryClient();
  const titles = ["Bake bread", "Buy milk", "Water plants"];
  const [bread] = await Promise.all(titles.map((title) => client.create({ title })));
  const page = await queries.fetchQuery(tasksQuery(client, { search: "milk" }));
  expect(page.tasks.map(({ title }) => title)).toEqual(["Buy milk"]);
  expect((await queries.fetchQuery(taskQuery(client, bread!.id))).title).toBe("Bake bread");
  const pages = new InfiniteQueryObserver(queries, taskPagesQuery(client, { limit: 2, sort: "title" }));
  onTestFinished(pages.subscribe(() => {}));
  const shown = () => pages.getCurrentResult().data?.pages.flatMap(({ tasks }) => tasks.map(({ title }) => title));
  await until(() => shown()?.length === 2);
  await pages.fetchNextPage();
  expect(shown()).toEqual(titles);
  expect(pages.getCurrentResult().hasNextPage).toBe(false);
});

test("CLIENT-FR-087: a query on display is fetched again when a task changes, and not before", async () => {
  const proxy = await startProxy();
  const user = newUser();
  const client = newClient({ user, baseUrl: proxy.url });
  await client.create({ title: "Bake bread" });
  const queries = new QueryClient();
  const observer = new QueryObserver(queries, tasksQuery(client));
  onTestFinished(observer.subscribe(() => {}));
  onTestFinished(keepFresh(client, queries));
  const count = () => observer.getCurrentResult().data?.count;
  await until(() => count() === 1 && proxy.streams() === 1);
  const lists = () => proxy.requests.filter(({ line }) => line === "GET /api/tasks").length;
  expect(lists()).toBe(1);
  await newClient({ user }).create({ title: "Buy milk" });
  await until(() => count() === 2);
});
