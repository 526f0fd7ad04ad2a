;;; common.el --- What the tests in Emacs share  -*- lexical-binding: t -*-

;; Loads the settings that docs/editors.md gives for Emacs.  Prints a line for each check and a sum; the exit code says
;; the same.

(require 'cl-lib)

(defvar test-root (getenv "DRAFT_TASKS_ROOT"))
(defvar test-work (getenv "DRAFT_TASKS_WORK"))
(defvar test-passed 0)
(defvar test-failed 0)

(defun test-say (format &rest arguments)
  (princ (concat (apply #'format format arguments) "\n")))

(defvar test-nudge #'ignore
  "Called while a test waits.")

(defun test-eventually (what condition)
  "Wait until CONDITION answers something, and return that; fail with WHAT after 30 seconds."
  (let ((limit (+ (float-time) 30)) result)
    (while (not (or (setq result (funcall condition)) (> (float-time) limit)))
      (accept-process-output nil 0.05)
      (funcall test-nudge))
    (or result (error "Not within 30 s: %s" what))))

(defmacro test-check (name &rest body)
  "Do BODY and tell as NAME how it went."
  (declare (indent 1))
  `(condition-case problem
       (progn ,@body (cl-incf test-passed) (test-say "ok      %s" ,name))
     (error (cl-incf test-failed)
            (test-say "FAILED  %s\n        %s" ,name (error-message-string problem)))))

(defun test-line-of (text)
  "Go to the first line that holds TEXT, and return its number."
  (goto-char (point-min))
  (search-forward text)
  (line-number-at-pos))

(defun test-messages ()
  (with-current-buffer "*Messages*" (buffer-string)))

;; The settings of the documentation, as they are there.
(with-temp-buffer
  (insert-file-contents (expand-file-name "docs/editors.md" test-root))
  (search-forward "```elisp\n")
  (let ((start (point)))
    (search-forward "```\n")
    (eval-region start (match-beginning 0))))

;; Messages of the server are kept, and not written between the checks.
(setq inhibit-message t)
(defun test-output ()
  "What `draft-tasks-show-output' shows."
  (draft-tasks-show-output)
  (with-current-buffer (window-buffer (get-buffer-window "*draft-tasks output*")) (buffer-string)))

(defun test-end ()
  "Print the sum and end Emacs."
  (test-say "%d passed, %d failed" test-passed test-failed)
  (kill-emacs (if (zerop test-failed) 0 1)))

;;; common.el ends here
