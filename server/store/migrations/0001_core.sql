CREATE TABLE `breaker` (
	`id` text PRIMARY KEY NOT NULL,
	`state` text DEFAULT 'closed' NOT NULL,
	`since` integer NOT NULL,
	`until_at` integer,
	`openings` integer DEFAULT 0 NOT NULL,
	`reason` text,
	`probe_run_id` text,
	`reset_at` integer NOT NULL,
	`spent_micro_usd` integer DEFAULT 0 NOT NULL,
	`spent_tokens` integer DEFAULT 0 NOT NULL,
	`spent_since` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `budgets` (
	`subject` text PRIMARY KEY NOT NULL,
	`micro_usd` integer,
	`tokens` integer
);
--> statement-breakpoint
CREATE TABLE `digest` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`kind` text NOT NULL,
	`subject_id` text NOT NULL,
	`text` text NOT NULL,
	`turn_id` text
);
--> statement-breakpoint
CREATE INDEX `digest_by_turn` ON `digest` (`turn_id`,`subject_id`,`kind`);--> statement-breakpoint
CREATE TABLE `formulas` (
	`scope` text NOT NULL,
	`name` text NOT NULL,
	`version` integer NOT NULL,
	`formula` text NOT NULL,
	`changed_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`scope`, `name`)
);
--> statement-breakpoint
CREATE TABLE `mails` (
	`bead_id` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL,
	`mode` text NOT NULL,
	`from` text NOT NULL,
	`to_id` text NOT NULL,
	`run_id` text,
	`only_run` integer DEFAULT false NOT NULL,
	`expires_at` integer NOT NULL,
	`delivered_at` integer,
	`seen_at` integer
);
--> statement-breakpoint
CREATE INDEX `mails_by_recipient` ON `mails` (`to_id`,`state`);--> statement-breakpoint
CREATE INDEX `mails_by_run` ON `mails` (`run_id`);--> statement-breakpoint
CREATE INDEX `mails_by_state` ON `mails` (`state`,`bead_id`);--> statement-breakpoint
CREATE TABLE `molecules` (
	`bead_id` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL,
	`current` integer,
	`formula` text NOT NULL,
	`formula_version` integer NOT NULL,
	`parameters` text NOT NULL,
	`failure` text
);
--> statement-breakpoint
CREATE INDEX `molecules_by_state` ON `molecules` (`state`);--> statement-breakpoint
CREATE TABLE `pauses` (
	`subject` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`by` text NOT NULL,
	`reason` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `providers` (
	`lane` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL,
	`since` integer NOT NULL,
	`until_at` integer,
	`release_at` integer NOT NULL,
	`strikes` integer NOT NULL,
	`strike_at` integer NOT NULL,
	`message` text NOT NULL,
	`model` text
);
--> statement-breakpoint
CREATE TABLE `purged_runs` (
	`run_id` text PRIMARY KEY NOT NULL,
	`rig_id` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `questions` (
	`bead_id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`state` text NOT NULL,
	`work_bead_id` text NOT NULL,
	`run_id` text NOT NULL,
	`options` text NOT NULL,
	`recommendation` text,
	`revertible` integer NOT NULL,
	`blocking` integer NOT NULL,
	`fallback` text NOT NULL,
	`deadline_at` integer NOT NULL,
	`fingerprint` text NOT NULL,
	`answer` text,
	`answered_by` text,
	`answered_at` integer
);
--> statement-breakpoint
CREATE INDEX `questions_by_work_bead` ON `questions` (`work_bead_id`,`state`);--> statement-breakpoint
CREATE INDEX `questions_by_state` ON `questions` (`state`,`bead_id`);--> statement-breakpoint
CREATE TABLE `ready` (
	`subject_id` text PRIMARY KEY NOT NULL,
	`stage` integer NOT NULL,
	`rig_id` text NOT NULL,
	`resource` text NOT NULL,
	`rank` integer NOT NULL,
	`age` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `ready_by_rig` ON `ready` (`stage`,`rig_id`,`rank`,`age`);--> statement-breakpoint
CREATE INDEX `ready_by_resource` ON `ready` (`stage`,`resource`,`rank`,`age`);--> statement-breakpoint
CREATE TABLE `rig_answers` (
	`id` text PRIMARY KEY NOT NULL,
	`rig_id` text NOT NULL,
	`fingerprint` text NOT NULL,
	`question` text NOT NULL,
	`options` text NOT NULL,
	`answer` text NOT NULL,
	`question_id` text NOT NULL,
	`uses` integer DEFAULT 0 NOT NULL,
	`created_by` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `rig_answers_by_fingerprint` ON `rig_answers` (`rig_id`,`fingerprint`);--> statement-breakpoint
CREATE TABLE `snapshots` (
	`resource` text PRIMARY KEY NOT NULL,
	`turn_id` text,
	`run_id` text NOT NULL,
	`program` text NOT NULL,
	`sha256` text NOT NULL,
	`bytes` integer NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `spend` (
	`subject` text PRIMARY KEY NOT NULL,
	`micro_usd` integer NOT NULL,
	`tokens` integer NOT NULL,
	`forgiven_micro_usd` integer DEFAULT 0 NOT NULL,
	`forgiven_tokens` integer DEFAULT 0 NOT NULL,
	`warned_at` integer
);
--> statement-breakpoint
CREATE TABLE `start_failures` (
	`run_id` text PRIMARY KEY NOT NULL,
	`bead_id` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `start_failures_by_time` ON `start_failures` (`at`);--> statement-breakpoint
CREATE TABLE `tombstones` (
	`bead_id` text PRIMARY KEY NOT NULL,
	`type` text NOT NULL,
	`title` text NOT NULL,
	`rig_id` text,
	`deleted_by` text NOT NULL,
	`deleted_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `triage_requests` (
	`bead_id` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL,
	`escalation_id` text NOT NULL,
	`work_bead_id` text NOT NULL,
	`run_id` text,
	`tries` integer DEFAULT 0 NOT NULL,
	`action` text,
	`note` text,
	`decided_at` integer
);
--> statement-breakpoint
CREATE INDEX `triage_requests_by_work_bead` ON `triage_requests` (`work_bead_id`,`state`);--> statement-breakpoint
CREATE INDEX `triage_requests_by_escalation` ON `triage_requests` (`escalation_id`);--> statement-breakpoint
CREATE INDEX `triage_requests_by_state` ON `triage_requests` (`state`,`bead_id`);--> statement-breakpoint
CREATE INDEX `triage_requests_by_run` ON `triage_requests` (`run_id`);--> statement-breakpoint
CREATE TABLE `usage_totals` (
	`id` text PRIMARY KEY NOT NULL,
	`calls` integer NOT NULL,
	`input_tokens` integer NOT NULL,
	`output_tokens` integer NOT NULL,
	`reasoning_tokens` integer NOT NULL,
	`cache_read_tokens` integer NOT NULL,
	`cache_write_tokens` integer NOT NULL,
	`cost_micro_usd` integer NOT NULL,
	`unpriced_calls` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
DROP INDEX `runs_by_settled`;--> statement-breakpoint
DROP INDEX `runs_by_resource`;--> statement-breakpoint
ALTER TABLE `runs` ADD `relayed` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `runs` ADD `relay_trouble` text;--> statement-breakpoint
ALTER TABLE `runs` ADD `ports` text;--> statement-breakpoint
ALTER TABLE `runs` ADD `began` text;--> statement-breakpoint
ALTER TABLE `runs` ADD `context` text;--> statement-breakpoint
ALTER TABLE `runs` ADD `stop_code` text;--> statement-breakpoint
ALTER TABLE `runs` ADD `frozen_ms` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `runs` ADD `rung` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `runs` ADD `rung_since` integer;--> statement-breakpoint
ALTER TABLE `runs` ADD `busy_until` integer;--> statement-breakpoint
ALTER TABLE `runs` ADD `repeating` text;--> statement-breakpoint
ALTER TABLE `runs` ADD `kept` text;--> statement-breakpoint
ALTER TABLE `runs` ADD `kept_told` integer DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE `runs` ADD `saved_lines` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `runs` ADD `saved_at_risk` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `runs` ADD `saved_remote_oid` text;--> statement-breakpoint
ALTER TABLE `runs` ADD `saved_kept` text;--> statement-breakpoint
ALTER TABLE `runs` ADD `saved_reason` text;--> statement-breakpoint
ALTER TABLE `runs` ADD `saved_left` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `runs` ADD `saved_continues` text;--> statement-breakpoint
ALTER TABLE `runs` ADD `not_saved` text;--> statement-breakpoint
ALTER TABLE `runs` ADD `unpriced_calls` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `runs_unsettled` ON `runs` (`id`) WHERE settled_at is null;--> statement-breakpoint
CREATE INDEX `runs_unsettled_by_resource` ON `runs` (`resource`,`id`) WHERE settled_at is null;--> statement-breakpoint
CREATE INDEX `runs_by_review` ON `runs` (`review_id`);--> statement-breakpoint
CREATE INDEX `runs_at_risk` ON `runs` (`bead_id`) WHERE saved_at_risk > 0;--> statement-breakpoint
CREATE INDEX `runs_live` ON `runs` (`runner_id`,`kind`,`rig_id`) WHERE state <> 'ended';--> statement-breakpoint
CREATE INDEX `runs_by_resource` ON `runs` (`resource`,`id`);--> statement-breakpoint
DROP INDEX `beads_by_rig`;--> statement-breakpoint
CREATE INDEX `beads_idle_agents` ON `beads` (`rig_id`,`id`) WHERE type = 'agent' and status = 'open';--> statement-breakpoint
CREATE INDEX `beads_by_assignee` ON `beads` (`assignee_id`) WHERE assignee_id is not null;--> statement-breakpoint
CREATE INDEX `beads_by_rig` ON `beads` (`rig_id`,`status`,`id`);--> statement-breakpoint
DROP INDEX `issues_by_state`;--> statement-breakpoint
ALTER TABLE `issues` ADD `runs_spent` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `issues` ADD `runs_forgiven` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `issues` ADD `work_attempts_forgiven` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `issues` ADD `stalls` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `issues` ADD `infra_since` integer;--> statement-breakpoint
ALTER TABLE `issues` ADD `parked` text;--> statement-breakpoint
ALTER TABLE `issues` ADD `saved_run_id` text;--> statement-breakpoint
ALTER TABLE `issues` ADD `closing` text;--> statement-breakpoint
ALTER TABLE `issues` ADD `taken` text;--> statement-breakpoint
ALTER TABLE `issues` ADD `checks` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `issues` ADD `landing` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `issues` ADD `landing_n` integer;--> statement-breakpoint
ALTER TABLE `issues` ADD `molecule_id` text;--> statement-breakpoint
ALTER TABLE `issues` ADD `step` integer;--> statement-breakpoint
ALTER TABLE `issues` ADD `step_key` text;--> statement-breakpoint
ALTER TABLE `issues` ADD `skipped` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `issues` ADD `wished_agent_id` text;--> statement-breakpoint
CREATE INDEX `issues_with_saved` ON `issues` (`saved_run_id`) WHERE state = 'open' and saved_run_id is not null;--> statement-breakpoint
CREATE INDEX `issues_taken` ON `issues` (`bead_id`) WHERE taken is not null;--> statement-breakpoint
CREATE INDEX `issues_by_wish` ON `issues` (`wished_agent_id`) WHERE wished_agent_id is not null;--> statement-breakpoint
CREATE INDEX `issues_by_molecule` ON `issues` (`molecule_id`,`step`) WHERE molecule_id is not null;--> statement-breakpoint
CREATE INDEX `issues_by_state` ON `issues` (`state`,`bead_id`);--> statement-breakpoint
ALTER TABLE `issues` DROP COLUMN `runs_cap`;--> statement-breakpoint
ALTER TABLE `issues` DROP COLUMN `work_attempts_cap`;--> statement-breakpoint
ALTER TABLE `agents` ADD `idle_since` integer;--> statement-breakpoint
ALTER TABLE `agents` ADD `retired_at` integer;--> statement-breakpoint
CREATE INDEX `agents_by_name` ON `agents` (`name`);--> statement-breakpoint
ALTER TABLE `audit` ADD `text` text;--> statement-breakpoint
ALTER TABLE `convoys` ADD `mode` text DEFAULT 'review-and-merge' NOT NULL;--> statement-breakpoint
ALTER TABLE `convoys` ADD `branch` text;--> statement-breakpoint
ALTER TABLE `convoys` ADD `delivery` text;--> statement-breakpoint
ALTER TABLE `escalations` ADD `target` text DEFAULT 'person' NOT NULL;--> statement-breakpoint
ALTER TABLE `escalations` ADD `key` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `escalations` ADD `holds_while` text;--> statement-breakpoint
ALTER TABLE `escalations` ADD `times` integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE `escalations` ADD `reminders` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `escalations` ADD `remind_at` integer;--> statement-breakpoint
ALTER TABLE `escalations` ADD `resolution` text;--> statement-breakpoint
ALTER TABLE `escalations` ADD `ambiguous` integer DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX `escalations_ambiguous` ON `escalations` (`bead_id`) WHERE ambiguous = 1;--> statement-breakpoint
CREATE INDEX `escalations_by_subject` ON `escalations` (`subject_id`,`resolved_at`);--> statement-breakpoint
CREATE INDEX `escalations_by_key` ON `escalations` (`key`,`resolved_at`);--> statement-breakpoint
CREATE INDEX `escalations_by_resolved` ON `escalations` (`resolved_at`,`bead_id`);--> statement-breakpoint
ALTER TABLE `reviews` ADD `infra_tries` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `reviews` ADD `infra_since` integer;--> statement-breakpoint
ALTER TABLE `reviews` ADD `lane_open` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `rigs` ADD `saved_work` text DEFAULT 'remote' NOT NULL;--> statement-breakpoint
ALTER TABLE `rigs` ADD `egress` text DEFAULT 'none' NOT NULL;--> statement-breakpoint
ALTER TABLE `rigs` ADD `lfs` text DEFAULT 'pointers' NOT NULL;--> statement-breakpoint
ALTER TABLE `rigs` ADD `infra_since` integer;--> statement-breakpoint
ALTER TABLE `rigs` ADD `moved_to` text;--> statement-breakpoint
ALTER TABLE `rigs` ADD `proven` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `rigs` ADD `labels` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `rigs` ADD `labels_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `rigs` ADD `environment` text DEFAULT '{"variables":{},"instructions":{"polecat":null,"refinery":null},"toolServers":{"polecat":{},"refinery":{}},"copies":[],"ports":0,"teardown":null,"secrets":[],"version":0}' NOT NULL;--> statement-breakpoint
ALTER TABLE `rigs` ADD `credential` text;--> statement-breakpoint
ALTER TABLE `rigs` ADD `deletion` text;--> statement-breakpoint
ALTER TABLE `runners` ADD `programs` text DEFAULT '["kilo"]' NOT NULL;--> statement-breakpoint
ALTER TABLE `runners` ADD `lfs` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `runners` ADD `host` text;--> statement-breakpoint
ALTER TABLE `runners` ADD `leaving_at` integer;--> statement-breakpoint
ALTER TABLE `runners` ADD `away` text;--> statement-breakpoint
ALTER TABLE `runners` ADD `rights` text DEFAULT '["model","merge"]' NOT NULL;--> statement-breakpoint
ALTER TABLE `runners` ADD `labels` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `runners` ADD `granted_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `runners` ADD `warm_rigs` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `runners` ADD `revoked_at` integer;--> statement-breakpoint
ALTER TABLE `sessions` ADD `awaited_at` integer;--> statement-breakpoint
ALTER TABLE `town` ADD `fence_epoch_min` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `town` ADD `names_given` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `town` ADD `triage_failures` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `town` ADD `triage_until_at` integer;--> statement-breakpoint
ALTER TABLE `turns` ADD `wait` text;--> statement-breakpoint
ALTER TABLE `turns` ADD `continued` text;--> statement-breakpoint
ALTER TABLE `turns` ADD `digest_at` integer;--> statement-breakpoint
ALTER TABLE `usage` ADD `unpriced` integer DEFAULT false NOT NULL;