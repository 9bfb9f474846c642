// What each command refuses by its own rules, in the state that docs/spec.md names. Bodies, references and versions that no
// command takes are swept over all of them and not repeated here.
import type { CommandName, ErrorCode } from "../../../../protocol/index.ts";
import type { Names } from "./world.ts";

export interface Row {
  what: string;
  code: ErrorCode;
  /** What differs from the command's body that would be taken. */
  body: (names: Names) => object;
  /** In a town where nothing has happened. */
  plain?: true;
}

function row(code: ErrorCode, what: string, body: Row["body"]): Row {
  return { what, code, body };
}
const same = () => ({});
const late = (what: string, body: Row["body"]): Row => row("illegal_transition", what, body);
const wrong = (what: string, body: Row["body"]): Row => row("invalid_body", what, body);
const task = (key: string, ...dependsOn: string[]) => ({ key, title: key, dependsOn });

const beadRows = {
  "bead.sling": [
    row("foreign_rig", "to wait for a bead of another rig", ({ foreign }) => ({
      dependsOn: [foreign],
    })),
    late("for a rig that is being deleted", ({ leavingRig }) => ({ rig: leavingRig })),
  ],
  "bead.close": [
    late("a bead that landed", ({ landed }) => ({ bead: landed })),
    late("a bead that was cancelled", ({ cancelled }) => ({ bead: cancelled })),
    late("a bead that is being closed", ({ closing }) => ({ bead: closing })),
    row("merge_in_flight", "a bead under its merge", ({ merging }) => ({ bead: merging })),
    wrong("a bead as landed", () => ({ outcome: "landed" })),
  ],
  "bead.cancel": [
    late("a bead that landed", ({ landed }) => ({ bead: landed })),
    late("a bead that was cancelled", ({ cancelled }) => ({ bead: cancelled })),
    late("a bead that is being closed", ({ closing }) => ({ bead: closing })),
  ],
  "bead.update": [
    wrong("nothing at all", () => ({ set: {} })),
    late("the delivery of a bead at work", ({ working }) => ({
      bead: working,
      set: { delivery: "none" },
    })),
    late("the delivery of a bead that landed", ({ landed }) => ({
      bead: landed,
      set: { delivery: "merge" },
    })),
    late("a polecat that has retired", ({ retiredAgent }) => ({
      set: { assignee: retiredAgent },
    })),
    row("foreign_rig", "a polecat of another rig", ({ foreignAgent }) => ({
      set: { assignee: foreignAgent },
    })),
  ],
  "bead.take": [
    late("a bead that landed", ({ landed }) => ({ bead: landed })),
    late("a bead that failed", ({ failed }) => ({ bead: failed })),
    late("a bead that is being closed", ({ closing }) => ({ bead: closing })),
    row("busy", "a bead under its merge", ({ merging }) => ({ bead: merging })),
  ],
  "bead.give": [
    late("a bead that nobody has taken", same),
    wrong("a branch as what is given", ({ open }) => ({
      work: {
        ...{
          ref: "refs/heads/main",
          oid: "a".repeat(40),
          begins: ["b".repeat(40)],
          runnerId: null,
        },
        ...{ summary: `for ${open}`, review: true },
      },
    })),
  ],
  "bead.hold": [
    late("a bead that landed", ({ landed }) => ({ bead: landed })),
    late("a bead that failed", ({ failed }) => ({ bead: failed })),
  ],
  "bead.release": [],
  "bead.comment": [],
  "bead.delete": [
    late("a bead that landed", ({ landed }) => ({ bead: landed })),
    late("a bead that another waits for", ({ open }) => ({ bead: open })),
    late("a step of a molecule", ({ stagedStep }) => ({ bead: stagedStep })),
    row("busy", "a bead at work", ({ working }) => ({ bead: working })),
    row("busy", "a bead under its merge", ({ merging }) => ({ bead: merging })),
  ],
  "bead.archive": [
    late("a bead at work, and one that rests", ({ open, working }) => ({ beads: [open, working] })),
  ],
  "bead.unarchive": [],
  "bead.reopen": [
    late("a bead that landed", ({ landed }) => ({ bead: landed })),
    late("a bead that is open", ({ open }) => ({ bead: open })),
    late("a bead at work", ({ working }) => ({ bead: working })),
  ],
  "bead.resume": [late("a bead that is not parked", same)],
  "bead.depend": [
    late("a bead at work", ({ working }) => ({ bead: working })),
    late("a bead that landed", ({ landed, open }) => ({ bead: landed, on: open })),
    late("a bead of a convoy's branch, to wait for one outside", ({ branchTask, open }) => ({
      bead: branchTask,
      on: open,
    })),
    row("foreign_rig", "to wait for a bead of another rig", ({ foreign }) => ({ on: foreign })),
    row("cyclic_dependency", "to wait for what waits for it", ({ blocked }) => ({ on: blocked })),
    row("cyclic_dependency", "to wait for itself", ({ open }) => ({ on: open })),
  ],
  "bead.undepend": [
    row("not_found", "a dependency that is not there", ({ cancelled }) => ({ on: cancelled })),
  ],
  "bead.rewire": [
    late("a bead at work", ({ working }) => ({ bead: working })),
    row("foreign_rig", "to wait for a bead of another rig", ({ foreign }) => ({
      dependsOn: [foreign],
    })),
    row("cyclic_dependency", "to wait for what waits for it", ({ open, blocked }) => ({
      bead: open,
      dependsOn: [blocked],
    })),
  ],
} satisfies { [N in CommandName]?: Row[] };

const convoyRows = {
  "convoy.sling": [
    late("for a rig that is being deleted", ({ leavingRig }) => ({ rig: leavingRig })),
    wrong("51 tasks", () => ({
      tasks: Array.from({ length: 51 }, (_, i) => task(`t${i}`)),
      parallel: true,
    })),
    wrong("two equal keys", () => ({ tasks: [task("a"), task("a")] })),
    wrong("a task that waits for none of its tasks", () => ({ tasks: [task("a", "z")] })),
    row("cyclic_dependency", "a circle", () => ({ tasks: [task("a", "b"), task("b", "a")] })),
    row("parallel_required", "tasks that would all run at once", () => ({
      tasks: [task("a"), task("b")],
    })),
  ],
  "convoy.start": [
    late("a convoy that goes on", ({ active }) => ({ convoy: active })),
    late("a convoy that was cancelled", ({ cancelledConvoy }) => ({ convoy: cancelledConvoy })),
  ],
  "convoy.update": [wrong("nothing at all", () => ({ set: {} }))],
  "convoy.add": [
    late("to a convoy that was cancelled", ({ cancelledConvoy }) => ({ convoy: cancelledConvoy })),
    late("to a convoy that lands", ({ landing }) => ({ convoy: landing, dependsOn: [] })),
    row("foreign_rig", "what waits for a bead of another rig", ({ foreign }) => ({
      dependsOn: [foreign],
    })),
    wrong("a task to a convoy of 50", ({ full }) => ({ convoy: full })),
  ],
  "convoy.remove": [
    late("a bead at work", ({ workingTask }) => ({ bead: workingTask })),
    late("from a convoy that lands", ({ landing, landed }) => ({ convoy: landing, bead: landed })),
    row("not_found", "a bead of no convoy", ({ open }) => ({ bead: open })),
  ],
  "convoy.decide": [
    late("of a bead that has not failed", ({ openTask }) => ({ bead: openTask })),
    late("to drop the landing", ({ landing, landingBead }) => ({
      convoy: landing,
      bead: landingBead,
    })),
    row("not_found", "of another convoy's bead", ({ landed }) => ({ bead: landed })),
  ],
  "convoy.cancel": [
    late("a convoy that was cancelled", ({ cancelledConvoy }) => ({ convoy: cancelledConvoy })),
    row("merge_in_flight", "a convoy whose landing is merging", ({ landing }) => ({
      convoy: landing,
    })),
  ],
  "convoy.pause": [
    late("a convoy that is paused", ({ pausedConvoy }) => ({ convoy: pausedConvoy })),
    late("a convoy that was cancelled", ({ cancelledConvoy }) => ({ convoy: cancelledConvoy })),
  ],
  "convoy.resume": [late("a convoy that is not paused", ({ active }) => ({ convoy: active }))],
} satisfies { [N in CommandName]?: Row[] };

const step = (key: string, more: object = {}) => ({ key, title: key, ...more });
/** What a formula would be but for this. */
const formula = (change: object) => ({
  formula: { name: "new", steps: [step("a")], ...change },
});
const parameters = [{ name: "what" }];

const moleculeRows = {
  "formula.put": [
    wrong("a name with a blank", () => formula({ name: "a b" })),
    wrong("no step", () => formula({ steps: [] })),
    wrong("51 steps", () =>
      formula({ steps: Array.from({ length: 51 }, (_, i) => step(`s${i}`)) }),
    ),
    wrong("two equal keys", () => formula({ steps: [step("a"), step("a")] })),
    wrong("two equal parameters", () => formula({ parameters: [...parameters, ...parameters] })),
    wrong("a step that waits for none", () =>
      formula({ steps: [step("a", { dependsOn: ["z"] })] }),
    ),
    wrong("a step that waits for one below it", () =>
      formula({ steps: [step("a", { dependsOn: ["b"] }), step("b")] }),
    ),
    wrong("a parameter that is not declared", () =>
      formula({ steps: [step("a", { body: "{{what}}" })] }),
    ),
    wrong("a parameter that is not used", () => formula({ parameters })),
    wrong("a parameter in a check", () =>
      formula({
        parameters,
        title: "{{what}}",
        steps: [step("a", { checks: [{ name: "t", command: "run {{what}}" }] })],
      }),
    ),
    row("too_large", "formula 201 of a rig", ({ pausedRig }) => ({ rig: pausedRig })),
  ],
  "formula.delete": [
    row("not_found", "a formula that is not there", () => ({ formula: "none" })),
    row("not_found", "the town's as a rig's", ({ rig }) => ({ rig })),
  ],
  "molecule.pour": [
    late("for a rig that is being deleted", ({ leavingRig }) => ({ rig: leavingRig })),
    row("not_found", "a formula that is not there", () => ({ formula: "none" })),
    wrong("a parameter that is missing", () => ({ parameters: {} })),
    wrong("a parameter that is none", () => ({ parameters: { version: "1", other: "2" } })),
    wrong("a value that is too long", () => ({ parameters: { version: "v".repeat(4_001) } })),
    wrong("what makes a title too long", () => ({ parameters: { version: "v".repeat(200) } })),
  ],
  "molecule.start": [
    late("a molecule that goes on", ({ molecule }) => ({ molecule })),
    late("one that was cancelled", ({ cancelledMolecule }) => ({ molecule: cancelledMolecule })),
  ],
  "molecule.decide": [
    late("of a step that has not failed", ({ openStep }) => ({ step: openStep })),
    late("of a molecule that was cancelled", ({ cancelledMolecule }) => ({
      molecule: cancelledMolecule,
    })),
    late("to skip what is skipped", () => ({ step: "skipped" })),
    row("not_found", "of a bead that is no step of it", ({ open }) => ({ step: open })),
  ],
  "molecule.cancel": [
    late("one that was cancelled", ({ cancelledMolecule }) => ({ molecule: cancelledMolecule })),
    late("one that is done", ({ doneMolecule }) => ({ molecule: doneMolecule })),
  ],
} satisfies { [N in CommandName]?: Row[] };

const townRows = {
  "model.set": [
    wrong("an address that is none", () => ({ baseUrl: "somewhere" })),
    wrong("an address of a file", () => ({ baseUrl: "file:///etc/passwd" })),
  ],
  "rig.add": [
    wrong("an address that is none", () => ({ remote: "not a repository" })),
    wrong("an address that is an option", () => ({ remote: "-u@host:x" })),
    wrong("a transport that runs programs", () => ({ remote: "ext::sh -c id" })),
    wrong("a password in an address", () => ({ remote: "https://me:pw@host/x.git" })),
    wrong("a token in an address", () => ({ remote: "https://ghp_abc@host/x.git" })),
    wrong("a branch that is an option", () => ({ target: "--upload-pack=x" })),
    row("already_exists", "a name that is taken", () => ({ name: "other" })),
  ],
  "rig.update": [
    row("invalid_body", "a variable that the sandbox sets", () => ({
      set: { variables: { PATH: "/tmp" } },
    })),
    row("invalid_body", "a copied file that leaves the tree", () => ({
      set: { copies: [{ from: "/etc/hosts", to: "../hosts" }] },
    })),
  ],
  "rig.secret": [
    row("invalid_body", "a reserved name", () => ({ name: "GIT_DIR" })),
    row("not_found", "a secret that is not there", () => ({ value: null })),
  ],
  "credential.set": [
    wrong("a token of two lines", () => ({ password: "one\ntwo" })),
    row("unsupported", "a repository that is at no https address", same),
  ],
  "credential.remove": [row("not_found", "of a rig that has none", same)],
  "rig.recheck": [],
  "rig.remove": [],
  "rig.restore": [row("already_exists", "under a name that is taken", () => ({ name: "other" }))],
  "rig.purge": [
    row("busy", "a rig whose runs have not ended", ({ leavingRig }) => ({ rig: leavingRig })),
  ],
  "rig.pause": [late("a rig that is paused", ({ pausedRig }) => ({ rig: pausedRig }))],
  "rig.resume": [late("a rig that is not paused", ({ rig }) => ({ rig }))],
  "town.stop": [late("a town that is stopped", same)],
  "town.pause": [late("a town that is stopped", same)],
  "town.resume": [{ ...late("a town that goes on", same), plain: true }],
  "provider.retry": [late("a provider that is not left alone", same)],
  "breaker.reset": [late("a breaker that is closed", same)],
  "author.set": [
    wrong("a name with a line in it", () => ({ author: { name: "A\nB", email: "a@b.c" } })),
    wrong("a name that closes an address", () => ({ author: { name: "A <b>", email: "a@b.c" } })),
    wrong("an address that is none", () => ({ author: { name: "Ada", email: "ada" } })),
  ],
  "program.set": [
    wrong("a program that is none", () => ({ program: "no-such" })),
    wrong("a role that is none", () => ({ role: "witness" })),
    wrong("the Mayor's of a rig", () => ({ role: "mayor" })),
  ],
  "runner.drain": [late("one that is away", ({ awayRunner }) => ({ runner: awayRunner }))],
  "runner.resume": [late("one that is not away", ({ runner }) => ({ runner }))],
  "runner.rights": [
    wrong("a right that is none", () => ({ rights: ["host.exec"] })),
    late("one that was revoked", ({ revokedRunner }) => ({ runner: revokedRunner })),
  ],
  "runner.label": [
    wrong("a label of two words", () => ({ labels: ["two words"] })),
    wrong("an empty label", () => ({ labels: [""] })),
  ],
  "settings.set": [
    row("not_found", "a figure that is none", () => ({ key: "toString" })),
    wrong("half a round", () => ({ value: 1.5 })),
    wrong("what is out of bounds", () => ({ value: -1 })),
    wrong("a figure of the town for a rig", () => ({ key: "slots", value: 3 })),
    wrong("what does not fit another figure", () => ({
      key: "leaseTtlMs",
      value: 3_600_000,
      rig: undefined,
    })),
  ],
  "settings.unset": [
    row("not_found", "a figure that is none", () => ({ key: "constructor" })),
    row("not_found", "a figure that is not set", same),
    wrong("a figure of the town for a rig", () => ({ key: "slots" })),
  ],
  "budget.set": [
    wrong("no amount", () => ({ usd: undefined, tokens: undefined })),
    wrong("a convoy's without the convoy", () => ({ scope: "convoy", of: undefined })),
    wrong("one day's own", () => ({ scope: "day" })),
    wrong("less than nothing", () => ({ usd: -1 })),
  ],
} satisfies { [N in CommandName]?: Row[] };

const peopleRows = {
  "review.decide": [
    late("a review that has merged", ({ mergedReview }) => ({ review: mergedReview })),
    wrong("changes without a word", () => ({ feedback: " " })),
  ],
  "run.stop": [
    late("a run that has ended", ({ endedRun }) => ({ run: endedRun })),
    row("merge_in_flight", "a merge", ({ mergeRun }) => ({ run: mergeRun })),
  ],
  "agent.reset": [late("one that has retired", ({ retiredAgent }) => ({ agent: retiredAgent }))],
  "agent.retire": [
    late("one that has retired", ({ retiredAgent }) => ({ agent: retiredAgent })),
    late("the Mayor", ({ mayor }) => ({ agent: mayor })),
    row("busy", "one that is at work", ({ agent }) => ({ agent })),
  ],
  "mayor.say": [wrong("nothing", () => ({ text: "  " }))],
  "mayor.wake": [late("anything, in a stopped town", same)],
  "escalation.acknowledge": [
    late("what somebody has seen", ({ acknowledged }) => ({ escalation: acknowledged })),
    late("what is resolved", ({ resolved }) => ({ escalation: resolved })),
  ],
  "escalation.resolve": [late("what is resolved", ({ resolved }) => ({ escalation: resolved }))],
  "question.answer": [
    late("a question that was withdrawn", ({ withdrawn }) => ({ question: withdrawn })),
    wrong("a permission with another word", ({ permission }) => ({
      question: permission,
      answer: "maybe",
    })),
  ],
  "answer.forget": [],
  "mail.send": [
    late("to a bead that landed", ({ landed }) => ({ to: landed })),
    late("to a bead that failed", ({ failed }) => ({ to: failed })),
    late("to an agent that has retired", ({ retiredAgent }) => ({ to: retiredAgent })),
  ],
  nudge: [late("to a bead that was cancelled", ({ cancelled }) => ({ to: cancelled }))],
} satisfies { [N in CommandName]?: Row[] };

/** Of queries and of what asks the outside. */
const otherRows = {
  "bead.diff": [row("not_found", "of a bead without work", ({ open }) => ({ bead: open }))],
  "model.test": [{ ...row("no_model", "without any", () => ({ model: undefined })), plain: true }],
  "token.create": [wrong("a person's rights", () => ({ role: "owner" }))],
  "token.revoke": [row("not_found", "a token that is not there", same)],
  "formula.show": [row("not_found", "what is not there", () => ({ formula: "none" }))],
  "run.events": [wrong("from before the beginning", () => ({ since: -1 }))],
  "bead.list": [wrong("a status that is none", () => ({ status: "lost" }))],
} satisfies { [N in CommandName]?: Row[] };

export const commandRows = {
  ...beadRows,
  ...convoyRows,
  ...moleculeRows,
  ...townRows,
  ...peopleRows,
};
export const rows: { [N in CommandName]?: Row[] } = { ...commandRows, ...otherRows };
