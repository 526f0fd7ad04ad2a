;;; eglot.el --- The mode and the server in a real Emacs, by eglot  -*- lexical-binding: t -*-

;; Does what a user does.

(require 'eglot)
(require 'flymake)

(defun test-move ()
  "Have the server say something, as it does whenever a user moves the cursor.
What comes together with the answer to a request jsonrpc 1.0.14 keeps until more comes."
  (let ((server (eglot-current-server)))
    (when (and server (jsonrpc-running-p server) (buffer-file-name))
      (jsonrpc-async-request server :textDocument/hover (eglot--TextDocumentPositionParams)
                             :success-fn #'ignore :error-fn #'ignore :timeout-fn #'ignore))))

(setq test-nudge #'test-move)

(defun test-open (name)
  "Open the tasks file NAME of the examples, and wait for its server."
  (switch-to-buffer (find-file-noselect (expand-file-name name test-work)))
  ;; In batch mode no command loop runs the hook after which eglot starts.
  (run-hooks 'post-command-hook)
  (test-eventually "the server is connected" #'eglot-current-server)
  (flymake-mode 1))

(defun test-diagnostics ()
  "All diagnostics of the current buffer as (LINE . TEXT), once there are any."
  (mapcar (lambda (diagnostic)
            (cons (line-number-at-pos (flymake-diagnostic-beg diagnostic)) (flymake-diagnostic-text diagnostic)))
          (flymake-diagnostics)))

(defun test-diagnostic (text)
  "The diagnostic of the current buffer whose message holds TEXT."
  (test-eventually (format "a diagnostic that says `%s'" text)
                   (lambda ()
                     (flymake-start)
                     (cl-find-if (lambda (found) (string-search text (cdr found))) (test-diagnostics)))))

(defun test-choose (title)
  "Run the code action TITLE at point, chosen from the menu as a user does."
  (let ((last-nonmenu-event ?a) (offered nil))
    (cl-letf (((symbol-function 'completing-read)
               (lambda (_prompt items &rest _)
                 (setq offered (mapcar #'car items))
                 (or (cl-find title offered :test #'string-equal)
                     (error "No action `%s', only %S" title offered)))))
      (eglot-code-actions (point) nil nil t))))

(test-say "%s, eglot %s" (car (split-string (emacs-version) "\n"))
          (file-name-nondirectory (directory-file-name (file-name-directory (locate-library "eglot")))))

(test-check "attaches to a tasks file"
  (test-open "broken/.draft-tasks.toml")
  (unless (string-search "draft-tasks" (jsonrpc-name (eglot-current-server)))
    (error "Another server: %s" (jsonrpc-name (eglot-current-server)))))

(test-check "is a mode of its own, also for a project's settings"
  (unless (and (eq major-mode 'draft-tasks-mode) (derived-mode-p 'conf-toml-mode)) (error "It is %s" major-mode))
  (with-current-buffer (find-file-noselect (expand-file-name "broken/.draft-tasks.config.toml" test-work))
    (unless (eq major-mode 'draft-tasks-mode) (error "Settings are in %s" major-mode))
    (set-buffer-modified-p nil)
    (kill-buffer)))

(test-check "shows diagnostics"
  (let ((found (test-diagnostic "post-delete")))
    (unless (eq (car found) (test-line-of "[post-delete]"))
      (error "It is on line %d" (car found)))))

(test-check "leaves other files alone"
  (let ((other (find-file-noselect (expand-file-name "Cargo.toml" test-work))))
    (with-current-buffer other
      (run-hooks 'post-command-hook)
      (when (eglot-current-server) (error "A server is attached to Cargo.toml")))))

(test-check "completes phases in an empty file"
  (test-open "empty/.draft-tasks.toml")
  (let* ((capf (eglot-completion-at-point))
         (labels (mapcar #'string-trim (all-completions "" (nth 2 capf)))))
    (unless (cl-subsetp '("[pre-up]" "[cleanup]") labels :test #'string-equal)
      (error "Only %S" labels))))

(test-check "runs a phase by a code action"
  (test-open ".draft-tasks.toml")
  (test-line-of "[pre-up]")
  (test-choose "Run pre-up (3 tasks)")
  (test-eventually "its output" (lambda () (string-search "hello world" (test-output))))
  (test-eventually "the message of its end" (lambda () (string-search "3 passed" (test-messages)))))

(test-check "shows why a task failed on its line"
  (test-open "failing/.draft-tasks.toml")
  (test-line-of "[pre-up]")
  (test-choose "Run pre-up (3 tasks)")
  (let ((found (test-diagnostic "exit code 3")))
    (unless (eq (car found) (test-line-of "migrate the database"))
      (error "It is on line %d" (car found)))))

(test-check "stops a run by a code action"
  (write-region "[pre-up]\nwait = \"sh -c 'echo $$ > pid; exec sleep 600'\"\n" nil
                (expand-file-name "sleeper/.draft-tasks.toml" test-work))
  (test-open "sleeper/.draft-tasks.toml")
  (test-line-of "[pre-up]")
  (test-choose "Run pre-up (1 task)")
  (let* ((file (expand-file-name "sleeper/pid" test-work))
         (read-pid (lambda ()
                     (and (file-exists-p file)
                          (with-temp-buffer
                            (insert-file-contents file)
                            (and (string-match "\n" (buffer-string)) (string-to-number (buffer-string)))))))
         (pid (test-eventually "the task starts" read-pid)))
    (unless (process-attributes pid) (error "The task does not run"))
    (test-eventually "an action stops it"
                     (lambda () (ignore-errors (test-choose "Stop pre-up") t)))
    (test-eventually "the task ends" (lambda () (not (process-attributes pid))))))

(test-check "the server ends with eglot"
  (let ((process (jsonrpc--process (eglot-current-server))))
    (eglot-shutdown (eglot-current-server))
    (test-eventually "its process ends" (lambda () (not (process-live-p process))))))

(test-end)
;;; eglot.el ends here
