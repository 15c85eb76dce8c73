/** The rules that the page offers; a task may have any RRULE of RFC 5545. */
const RULES: Record<string, string> = {
  "": "Does not repeat",
  "FREQ=DAILY": "Every day",
  "FREQ=WEEKLY": "Every week",
  "FREQ=MONTHLY": "Every month",
};

export function describeRule(rule: string): string {
  return RULES[rule] ?? "Repeats";
}

/** Return the options of a select, with a rule of the task that is not among those that the page offers. */
export function ruleOptions(current: string): [rule: string, text: string][] {
  return Object.entries({ [current]: `As it is (${current})`, ...RULES });
}
