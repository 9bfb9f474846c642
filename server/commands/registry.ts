import type { CommandName } from "../../protocol/index.ts";
import type { Apply } from "./command.ts";
import { setAuthor } from "./author-commands.ts";
import { resetAgent, retireAgent } from "./agent-commands.ts";
import {
  archiveBeads,
  commentBead,
  holdBead,
  releaseBead,
  unarchiveBeads,
  updateBead,
} from "./bead-edit-commands.ts";
import { cancelBead, closeBead, deleteBead, reopenBead } from "./bead-end-commands.ts";
import { giveBead, takeBead } from "./take-commands.ts";
import { slingConvoy } from "./convoys/sling-convoy.ts";
import {
  addToConvoy,
  cancelConvoy,
  decideTask,
  removeFromConvoy,
  startConvoy,
  updateConvoy,
} from "./convoys/convoy-life.ts";
import { dependBead, rewireBead, undependBead } from "./dependency-commands.ts";
import { setProgram } from "./program-commands.ts";
import { slingBead } from "./issue-commands.ts";
import { deleteFormula, putFormulaVersion } from "./molecules/formula-commands.ts";
import {
  cancelMolecule,
  decideStep,
  pourMolecule,
  startMolecule,
} from "./molecules/molecule-commands.ts";
import { setModel } from "./model-commands.ts";
import { setBudget, setSetting, unsetSetting } from "./setting-commands.ts";
import {
  pauseConvoy,
  pauseRig,
  pauseTown,
  resetBreaker,
  resumeBead,
  resumeConvoy,
  resumeRig,
  resumeTown,
  retryProvider,
  stopTown,
} from "./pause-commands.ts";
import { acknowledge, resolve } from "./attention/escalation-commands.ts";
import { decideReview, sayToMayor, stopRun, wakeMayor } from "./people-commands.ts";
import { nudge, sendMail } from "./attention/mail-commands.ts";
import { answerQuestion, dropAnswer } from "./attention/question-commands.ts";
import { removeCredential, setCredential } from "./rigs/credential.ts";
import { addRig, changeRig, recheckRig } from "./rigs/rig-commands.ts";
import { deleteRig, purgeRigNow, restoreRig } from "./rigs/trash-commands.ts";
import { setRigSecret } from "./rigs/rig-environment.ts";
import { drainRunner, labelRunner, resumeRunner, setRights } from "./runners/runner-commands.ts";

/** Every command that changes state, by name. */
export const applyCommand = {
  "model.set": setModel,
  "rig.add": addRig,
  "rig.update": changeRig,
  "rig.secret": setRigSecret,
  "credential.set": setCredential,
  "credential.remove": removeCredential,
  "rig.recheck": recheckRig,
  "rig.remove": deleteRig,
  "rig.restore": restoreRig,
  "rig.purge": purgeRigNow,
  "bead.sling": slingBead,
  "bead.close": closeBead,
  "bead.reopen": reopenBead,
  "bead.resume": resumeBead,
  "town.stop": stopTown,
  "town.pause": pauseTown,
  "town.resume": resumeTown,
  "rig.pause": pauseRig,
  "rig.resume": resumeRig,
  "convoy.pause": pauseConvoy,
  "convoy.resume": resumeConvoy,
  "provider.retry": retryProvider,
  "breaker.reset": resetBreaker,
  "author.set": setAuthor,
  "program.set": setProgram,
  "runner.drain": drainRunner,
  "runner.resume": resumeRunner,
  "runner.rights": setRights,
  "runner.label": labelRunner,
  "settings.set": setSetting,
  "settings.unset": unsetSetting,
  "budget.set": setBudget,
  "bead.depend": dependBead,
  "bead.undepend": undependBead,
  "bead.rewire": rewireBead,
  "bead.update": updateBead,
  "bead.hold": holdBead,
  "bead.release": releaseBead,
  "bead.take": takeBead,
  "bead.give": giveBead,
  "bead.comment": commentBead,
  "bead.cancel": cancelBead,
  "bead.delete": deleteBead,
  "bead.archive": archiveBeads,
  "bead.unarchive": unarchiveBeads,
  "agent.reset": resetAgent,
  "agent.retire": retireAgent,
  "convoy.sling": slingConvoy,
  "convoy.start": startConvoy,
  "convoy.update": updateConvoy,
  "convoy.add": addToConvoy,
  "convoy.remove": removeFromConvoy,
  "convoy.decide": decideTask,
  "convoy.cancel": cancelConvoy,
  "formula.put": putFormulaVersion,
  "formula.delete": deleteFormula,
  "molecule.pour": pourMolecule,
  "molecule.start": startMolecule,
  "molecule.decide": decideStep,
  "molecule.cancel": cancelMolecule,
  "review.decide": decideReview,
  "run.stop": stopRun,
  "mayor.say": sayToMayor,
  "mayor.wake": wakeMayor,
  "escalation.acknowledge": acknowledge,
  "escalation.resolve": resolve,
  "question.answer": answerQuestion,
  "answer.forget": dropAnswer,
  "mail.send": sendMail,
  nudge,
} as const satisfies { [N in CommandName]?: Apply<N> };
export type StateCommand = keyof typeof applyCommand;
