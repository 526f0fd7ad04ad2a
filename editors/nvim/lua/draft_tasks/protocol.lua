-- Rendered from server/draft-tasks/src/lsp/ext.rs by `cargo test`; edits here are lost.
return {
  commands = {
    run_phase = 'draft-tasks.runPhase',
    run_task = 'draft-tasks.runTask',
    stop = 'draft-tasks.stop',
    rerun = 'draft-tasks.rerun',
    rerun_failed = 'draft-tasks.rerunFailed',
    clear = 'draft-tasks.clear',
    plan = 'draft-tasks.plan',
    show_log = 'draft-tasks.showLog',
    target = 'draft-tasks.target',
    doctor = 'draft-tasks.doctor',
    create = 'draft-tasks.create',
  },
  notifications = {
    output = 'draft-tasks/output',
    run = 'draft-tasks/run',
    did_change_trust = 'draft-tasks/didChangeTrust',
  },
  phases = { 'pre-up', 'post-deploy', 'post-up', 'cleanup' },
  run_kind = 'draft-tasks.run',
  settings = 'draftTasks',
  settings_file = '.draft-tasks.config.toml',
  source = 'draft-tasks',
  task_failed = 'task-failed',
  tasks_file = '.draft-tasks.toml',
  version = '0.1.0',
}
