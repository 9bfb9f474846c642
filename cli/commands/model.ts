import type { Command } from "commander";
import type { Script } from "../../scripted/script.ts";
import type { ScriptedModel } from "../../scripted/server.ts";
import { Complaint } from "../complaint.ts";
import { printJson, printLine } from "../output.ts";
import { untilStopped } from "../signals.ts";
import { parseJson, readText, wholeNumber } from "./town-command.ts";

/** `gastown model`: the scripted model alone, for trying a town without an account. */
export function addModel(program: Command): void {
  program
    .command("model")
    .description(
      "Serve the scripted model: a server with the APIs of OpenAI and Anthropic that plays a JSON script",
    )
    .option("--script <file>", "the script; one that suits any repository unless given")
    .option(
      "--port <n>",
      "port on 127.0.0.1; a free one unless given",
      wholeNumber("--port", 0, 65_535),
      0,
    )
    .option("--json", "print JSON")
    .action(async (options: { script?: string; port: number; json?: boolean }) => {
      const model = await start(await readScript(options.script), options.port);
      if (options.json === true) printJson({ event: "ready", url: model.url });
      else printLine(`The scripted model answers at ${model.url}. Ctrl-C stops it.`);
      await untilStopped();
      await model.stop();
    });
}

async function readScript(path: string | undefined): Promise<Script> {
  if (path === undefined) return (await import("../../scripted/default-script.ts")).defaultScript;
  const { scriptSchema } = await import("../../scripted/script.ts");
  const parsed = scriptSchema.safeParse(parseJson(await readText(path), path));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Complaint(
    `${path} is no script: at ${issue?.path.join(".") || "the top"}: ${issue?.message ?? ""}.`,
    2,
  );
}

async function start(script: Script, port: number): Promise<ScriptedModel> {
  const { startScriptedModel } = await import("../../scripted/server.ts");
  try {
    return startScriptedModel({ script, port });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") {
      throw new Complaint(`Port ${port} is in use. Choose another with --port.`);
    }
    throw error;
  }
}
