CREATE TABLE `agents` (
	`bead_id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`role` text NOT NULL,
	`run_id` text,
	`work_bead_id` text,
	`bubble` text,
	`last_activity_at` integer
);
--> statement-breakpoint
CREATE TABLE `audit` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`actor` text NOT NULL,
	`command` text NOT NULL,
	`subject` text,
	`ok` integer NOT NULL,
	`code` text
);
--> statement-breakpoint
CREATE INDEX `audit_by_time` ON `audit` (`at`);--> statement-breakpoint
CREATE TABLE `bead_dependencies` (
	`bead_id` text NOT NULL,
	`on_id` text NOT NULL,
	`type` text NOT NULL,
	PRIMARY KEY(`bead_id`, `on_id`, `type`)
);
--> statement-breakpoint
CREATE INDEX `dependencies_by_on` ON `bead_dependencies` (`on_id`);--> statement-breakpoint
CREATE TABLE `bead_events` (
	`id` text PRIMARY KEY NOT NULL,
	`bead_id` text NOT NULL,
	`at` integer NOT NULL,
	`actor` text NOT NULL,
	`kind` text NOT NULL,
	`text` text NOT NULL,
	`rule` text,
	`run_id` text,
	`failure` text
);
--> statement-breakpoint
CREATE INDEX `bead_events_by_bead` ON `bead_events` (`bead_id`,`at`);--> statement-breakpoint
CREATE INDEX `bead_events_by_time` ON `bead_events` (`at`);--> statement-breakpoint
CREATE TABLE `beads` (
	`id` text PRIMARY KEY NOT NULL,
	`type` text NOT NULL,
	`status` text NOT NULL,
	`title` text NOT NULL,
	`body` text DEFAULT '' NOT NULL,
	`rig_id` text,
	`parent_id` text,
	`assignee_id` text,
	`priority` text DEFAULT 'medium' NOT NULL,
	`labels` text DEFAULT '[]' NOT NULL,
	`held` integer DEFAULT false NOT NULL,
	`archived_at` integer,
	`version` integer DEFAULT 1 NOT NULL,
	`created_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`closed_at` integer
);
--> statement-breakpoint
CREATE INDEX `beads_by_type_status` ON `beads` (`type`,`status`);--> statement-breakpoint
CREATE INDEX `beads_by_rig` ON `beads` (`rig_id`,`status`);--> statement-breakpoint
CREATE TABLE `changes` (
	`epoch` integer NOT NULL,
	`version` integer NOT NULL,
	`n` integer NOT NULL,
	`at` integer NOT NULL,
	`image` text NOT NULL,
	PRIMARY KEY(`epoch`, `version`, `n`)
);
--> statement-breakpoint
CREATE TABLE `convoys` (
	`bead_id` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL,
	`failure` text,
	`landed_at` integer
);
--> statement-breakpoint
CREATE INDEX `convoys_by_state` ON `convoys` (`state`);--> statement-breakpoint
CREATE TABLE `escalations` (
	`bead_id` text PRIMARY KEY NOT NULL,
	`severity` text NOT NULL,
	`source` text NOT NULL,
	`subject_id` text,
	`acknowledged_at` integer,
	`resolved_at` integer
);
--> statement-breakpoint
CREATE TABLE `fences` (
	`resource` text PRIMARY KEY NOT NULL,
	`epoch` integer NOT NULL,
	`n` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `idempotency` (
	`key` text PRIMARY KEY NOT NULL,
	`command` text NOT NULL,
	`body_hash` text NOT NULL,
	`answer` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `idempotency_by_time` ON `idempotency` (`at`);--> statement-breakpoint
CREATE TABLE `inbox` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`runner_id` text NOT NULL,
	`run_id` text NOT NULL,
	`fact` text NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`dead_at` integer,
	`error` text
);
--> statement-breakpoint
CREATE INDEX `inbox_by_dead` ON `inbox` (`dead_at`);--> statement-breakpoint
CREATE TABLE `issues` (
	`bead_id` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL,
	`state_since` integer NOT NULL,
	`convoy_id` text,
	`delivery` text,
	`cycle` integer DEFAULT 1 NOT NULL,
	`round` integer DEFAULT 1 NOT NULL,
	`runs_total` integer DEFAULT 0 NOT NULL,
	`runs_cap` integer NOT NULL,
	`work_attempts` integer DEFAULT 0 NOT NULL,
	`work_attempts_cap` integer NOT NULL,
	`start_failures` integer DEFAULT 0 NOT NULL,
	`infra_failures` integer DEFAULT 0 NOT NULL,
	`back_off_until` integer,
	`review_id` text,
	`run_id` text,
	`saved_ref` text,
	`saved_oid` text,
	`saved_base_oid` text,
	`head_oid` text,
	`base_oid` text,
	`landed_on` text,
	`landed_oid` text,
	`outcome` text,
	`failure` text,
	`wait` text
);
--> statement-breakpoint
CREATE INDEX `issues_by_state` ON `issues` (`state`);--> statement-breakpoint
CREATE INDEX `issues_by_convoy` ON `issues` (`convoy_id`);--> statement-breakpoint
CREATE TABLE `messages` (
	`bead_id` text PRIMARY KEY NOT NULL,
	`session_id` text NOT NULL,
	`turn_id` text NOT NULL,
	`state` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `messages_by_turn` ON `messages` (`turn_id`);--> statement-breakpoint
CREATE TABLE `outbox` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`kind` text NOT NULL,
	`subject` text NOT NULL,
	`runner_id` text NOT NULL,
	`argument` text DEFAULT '' NOT NULL,
	`state` text NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`next_at` integer NOT NULL,
	`error` text
);
--> statement-breakpoint
CREATE INDEX `outbox_by_state` ON `outbox` (`state`,`next_at`);--> statement-breakpoint
CREATE INDEX `outbox_by_subject` ON `outbox` (`subject`);--> statement-breakpoint
CREATE TABLE `reviews` (
	`bead_id` text PRIMARY KEY NOT NULL,
	`subject_id` text NOT NULL,
	`cycle` integer NOT NULL,
	`state` text NOT NULL,
	`state_since` integer NOT NULL,
	`rounds` integer DEFAULT 0 NOT NULL,
	`head_oid` text NOT NULL,
	`branch` text NOT NULL,
	`tries` integer DEFAULT 0 NOT NULL,
	`back_off_until` integer,
	`proof` text,
	`landing_hint` text,
	`failure` text,
	`wait` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `reviews_by_subject_cycle` ON `reviews` (`subject_id`,`cycle`);--> statement-breakpoint
CREATE INDEX `reviews_by_state` ON `reviews` (`state`);--> statement-breakpoint
CREATE TABLE `rigs` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`remote` text NOT NULL,
	`target` text NOT NULL,
	`delivery` text NOT NULL,
	`code_review` integer NOT NULL,
	`gates` text NOT NULL,
	`setup` text,
	`slots` integer NOT NULL,
	`state` text NOT NULL,
	`parked` text,
	`baseline` text,
	`baseline_tries` integer DEFAULT 0 NOT NULL,
	`back_off_until` integer,
	`isolation_confirmed` integer NOT NULL,
	`direct_merge_confirmed` integer NOT NULL,
	`version` integer DEFAULT 1 NOT NULL,
	`created_at` integer NOT NULL,
	`removed_at` integer
);
--> statement-breakpoint
CREATE INDEX `rigs_by_name` ON `rigs` (`name`);--> statement-breakpoint
CREATE TABLE `rounds` (
	`review_id` text NOT NULL,
	`round` integer NOT NULL,
	`record` text NOT NULL,
	PRIMARY KEY(`review_id`, `round`)
);
--> statement-breakpoint
CREATE TABLE `runners` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`token_id` text NOT NULL,
	`local` integer NOT NULL,
	`incarnation` integer NOT NULL,
	`connection` integer NOT NULL,
	`state` text NOT NULL,
	`isolation` text NOT NULL,
	`isolation_reason` text,
	`slots` integer NOT NULL,
	`app_version` text NOT NULL,
	`spool_epoch` text NOT NULL,
	`spool_seq` integer NOT NULL,
	`offer_seq` integer NOT NULL,
	`last_seen_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `runs` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`state` text NOT NULL,
	`phase` text,
	`outcome` text,
	`reason` text,
	`resource` text NOT NULL,
	`fence_epoch` integer NOT NULL,
	`fence_n` integer NOT NULL,
	`offer_seq` integer NOT NULL,
	`bead_id` text,
	`review_id` text,
	`rig_id` text,
	`session_id` text,
	`agent_id` text,
	`runner_id` text NOT NULL,
	`attempt` integer NOT NULL,
	`round` integer NOT NULL,
	`model` text,
	`spec` text NOT NULL,
	`result` text,
	`stop_outcome` text,
	`stop_reason` text,
	`stop_ordered_at` integer,
	`offered_at` integer NOT NULL,
	`accepted_at` integer,
	`started_at` integer,
	`ended_at` integer,
	`settled_at` integer,
	`progress_at` integer,
	`saved_ref` text,
	`saved_oid` text,
	`saved_at` integer,
	`calls` integer DEFAULT 0 NOT NULL,
	`input_tokens` integer DEFAULT 0 NOT NULL,
	`output_tokens` integer DEFAULT 0 NOT NULL,
	`reasoning_tokens` integer DEFAULT 0 NOT NULL,
	`cache_read_tokens` integer DEFAULT 0 NOT NULL,
	`cache_write_tokens` integer DEFAULT 0 NOT NULL,
	`cost_micro_usd` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX `runs_by_state` ON `runs` (`state`);--> statement-breakpoint
CREATE INDEX `runs_by_settled` ON `runs` (`settled_at`);--> statement-breakpoint
CREATE INDEX `runs_by_bead` ON `runs` (`bead_id`);--> statement-breakpoint
CREATE INDEX `runs_by_resource` ON `runs` (`resource`);--> statement-breakpoint
CREATE TABLE `secrets` (
	`id` text PRIMARY KEY NOT NULL,
	`sealed` text NOT NULL,
	`tail` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `sessions` (
	`id` text PRIMARY KEY NOT NULL,
	`role` text NOT NULL,
	`agent_id` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `settings` (
	`scope` text NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	PRIMARY KEY(`scope`, `key`)
);
--> statement-breakpoint
CREATE TABLE `timers` (
	`subject` text NOT NULL,
	`kind` text NOT NULL,
	`due_at` integer NOT NULL,
	PRIMARY KEY(`subject`, `kind`)
);
--> statement-breakpoint
CREATE INDEX `timers_by_due` ON `timers` (`due_at`);--> statement-breakpoint
CREATE TABLE `town` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`epoch` integer NOT NULL,
	`version` integer NOT NULL,
	`demo` integer NOT NULL,
	`session_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`started_at` integer NOT NULL,
	`stopped_cleanly` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `turn_effects` (
	`turn_id` text NOT NULL,
	`key` text NOT NULL,
	`n` integer NOT NULL,
	`tool` text NOT NULL,
	`arguments` text NOT NULL,
	`answer` text NOT NULL,
	`is_error` integer NOT NULL,
	`beads` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`turn_id`, `key`)
);
--> statement-breakpoint
CREATE TABLE `turns` (
	`id` text PRIMARY KEY NOT NULL,
	`session_id` text NOT NULL,
	`n` integer NOT NULL,
	`state` text NOT NULL,
	`text` text NOT NULL,
	`begun_by` text NOT NULL,
	`author` text NOT NULL,
	`run_id` text,
	`tries` integer DEFAULT 0 NOT NULL,
	`answer` text,
	`note` text,
	`created_at` integer NOT NULL,
	`started_at` integer,
	`ended_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `turns_by_session` ON `turns` (`session_id`,`n`);--> statement-breakpoint
CREATE INDEX `turns_by_state` ON `turns` (`state`);--> statement-breakpoint
CREATE TABLE `usage` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`run_id` text NOT NULL,
	`bead_id` text,
	`convoy_id` text,
	`rig_id` text,
	`role` text NOT NULL,
	`model` text NOT NULL,
	`input_tokens` integer NOT NULL,
	`output_tokens` integer NOT NULL,
	`reasoning_tokens` integer NOT NULL,
	`cache_read_tokens` integer NOT NULL,
	`cache_write_tokens` integer NOT NULL,
	`cost_micro_usd` integer NOT NULL,
	`duration_ms` integer NOT NULL,
	`status` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `usage_by_run` ON `usage` (`run_id`);