"use client";
import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";
import { authClient } from "@/lib/auth-client";

export default function SignInPage() {
  const [isNew, setNew] = useState(false);
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const router = useRouter();

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    setBusy(true);
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "");
    const credentials = { email: text("email"), password: text("password") };
    const { error } = isNew
      ? await authClient.signUp.email({ ...credentials, name: text("name") })
      : await authClient.signIn.email(credentials);
    if (!error) return router.push("/");
    setError(error.message ?? "The server cannot be reached.");
    setBusy(false);
  }

  return (
    <main className="mx-auto grid min-h-dvh max-w-sm content-center gap-6 p-6">
      <div>
        <h1 className="text-2xl font-semibold">{isNew ? "Create your account" : "Welcome back"}</h1>
        <p className="text-muted mt-1">Your tasks on all devices, online and offline.</p>
      </div>
      <form onSubmit={submit} className="card grid gap-4 p-5">
        {isNew && <Field name="name" label="Name" autoComplete="name" />}
        <Field name="email" label="E-mail" type="email" autoComplete="email" />
        <Field
          name="password"
          label="Password"
          type="password"
          autoComplete={isNew ? "new-password" : "current-password"}
          minLength={isNew ? 8 : undefined}
        />
        <button className="button-primary" disabled={isBusy}>
          {isNew ? "Sign up" : "Sign in"}
        </button>
        <p role="alert" className="text-danger text-sm empty:hidden">
          {error}
        </p>
      </form>
      <p className="text-muted text-center text-sm">
        {isNew ? "You have an account?" : "You are new here?"}{" "}
        <button className="text-accent rounded underline underline-offset-4" onClick={() => setNew(!isNew)}>
          {isNew ? "Sign in" : "Create an account"}
        </button>
      </p>
    </main>
  );
}

function Field({ label, ...input }: { label: string } & React.ComponentProps<"input">) {
  return (
    <label className="grid gap-1 text-sm font-medium">
      {label}
      <input required className="field text-base font-normal" {...input} />
    </label>
  );
}
