"use client";
import dynamic from "next/dynamic";

/** The tasks are loaded, and changed, in the browser only; the server sends the frame. */
export const App = dynamic(() => import("./tasks-page").then(({ TasksPage }) => TasksPage), {
  ssr: false,
  loading: () => <p className="text-muted p-12 text-center">Loading …</p>,
});
