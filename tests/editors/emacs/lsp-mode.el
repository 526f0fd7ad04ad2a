;;; lsp-mode.el --- The mode and the server in a real Emacs, by lsp-mode  -*- lexical-binding: t -*-

;; In batch mode packages load nothing by themselves.
(package-initialize)
(require 'lsp-mode)
(require 'flymake)

(remove-hook 'draft-tasks-mode-hook #'eglot-ensure)

(setq lsp-session-file (expand-file-name "session" (getenv "HOME"))
      lsp-auto-guess-root t
      lsp-enable-file-watchers nil
      lsp-restart 'ignore
      lsp-warn-no-matched-clients nil
      lsp-diagnostics-provider :flymake)

(test-say "lsp-mode, without eglot")

(defun test-open (name)
  "Open the tasks file NAME of the examples, and wait for its server."
  (switch-to-buffer (find-file-noselect (expand-file-name name test-work)))
  (lsp)
  (test-eventually "the server is connected"
                   (lambda () (cl-some (lambda (workspace) (eq (lsp--workspace-status workspace) 'initialized))
                                       (lsp-workspaces)))))

(defun test-choose (title)
  "Run the code action TITLE at point."
  (let ((action (cl-find title (lsp-code-actions-at-point) :test #'string-equal :key #'lsp:code-action-title)))
    (unless action (error "No action `%s'" title))
    (lsp-execute-code-action action)))

(test-check "attaches to a tasks file as one"
  (test-open ".draft-tasks.toml")
  (unless (equal (lsp-buffer-language) "draft-tasks") (error "The language is %s" (lsp-buffer-language))))

(test-check "runs a phase by a code action, and shows its output"
  (test-line-of "[pre-up]")
  (test-choose "Run pre-up (3 tasks)")
  (test-eventually "its output" (lambda () (string-search "hello world" (test-output))))
  (test-eventually "the message of its end" (lambda () (string-search "3 passed" (test-messages)))))

(test-check "shows why a task failed on its line"
  (test-open "failing/.draft-tasks.toml")
  (test-line-of "[pre-up]")
  (test-choose "Run pre-up (3 tasks)")
  (test-eventually "the diagnostic"
                   (lambda ()
                     (cl-some (lambda (diagnostic)
                                (string-search "exit code 3" (lsp:diagnostic-message diagnostic)))
                              (apply #'append (hash-table-values (lsp-diagnostics)))))))

(test-end)
;;; lsp-mode.el ends here
