/** The way to the model through the town, for runners that may not have its key. */

/** Below the town's address; what follows is an API's own path. */
export const MODEL_RELAY_PATH = "/api/runner/model";

/** On an answer that is the town's own and not the endpoint's: the code of its refusal. */
export const RELAY_REFUSAL_HEADER = "x-gastown-refusal";
