import { useRef, useState } from "preact/hooks";

import { Problem } from "../api/problem.ts";
import { noteRefusal } from "../api/session.ts";

export interface Action<A extends readonly unknown[]> {
  /** Runs the work once. A second press while it runs does nothing. Returns whether it succeeded. */
  readonly run: (...args: A) => Promise<boolean>;
  readonly isRunning: boolean;
  /** Why the last run was refused. */
  readonly problem: Problem | undefined;
  readonly clear: () => void;
}

/** Work that a press starts, such as a check-in: it runs once at a time, and its problem is kept for the screen. */
export function useAction<A extends readonly unknown[]>(work: (...args: A) => Promise<unknown>): Action<A> {
  const [problem, setProblem] = useState<Problem>();
  const [isRunning, setIsRunning] = useState(false);
  const running = useRef(false);
  return {
    isRunning,
    problem,
    clear: () => setProblem(undefined),
    run: async (...args) => {
      if (running.current) return false;
      running.current = true;
      setIsRunning(true);
      try {
        await work(...args);
        setProblem(undefined);
        return true;
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        noteRefusal(error);
        setProblem(error);
        return false;
      } finally {
        running.current = false;
        setIsRunning(false);
      }
    },
  };
}
