;;; draft-tasks-mode.el --- Tasks files of Draft  -*- lexical-binding: t -*-

;; Version: 0.2.0
;; Package-Requires: ((emacs "28.1"))
;; Keywords: languages, tools

;;; Commentary:

;; A mode for `.draft-tasks.toml', the tasks file of Draft, and a project's settings beside it.  The language server
;; `draft-tasks' is known to eglot and to lsp-mode:
;;
;;     (add-hook 'draft-tasks-mode-hook #'eglot-ensure)    ; or #'lsp-deferred
;;
;; Code actions run tasks; `draft-tasks-show-output' shows what they write.

;;; Code:

(require 'conf-mode)

(defgroup draft-tasks nil
  "Tasks files of Draft."
  :group 'languages
  :prefix "draft-tasks-")

(defcustom draft-tasks-program "draft-tasks"
  "The program that is the language server."
  :type 'string)

(defcustom draft-tasks-output-lines 10000
  "How many lines of output are kept."
  :type 'natnum)

(defconst draft-tasks--output "*draft-tasks output*")

;;;###autoload
(define-derived-mode draft-tasks-mode conf-toml-mode "Draft-Tasks"
  "Major mode for tasks files of Draft.")

;;;###autoload
(add-to-list 'auto-mode-alist '("/\\.draft-tasks\\(?:\\.config\\)?\\.toml\\'" . draft-tasks-mode))

(define-derived-mode draft-tasks-output-mode special-mode "Draft-Output"
  "Major mode for what tasks write."
  (setq-local truncate-lines nil))

(defun draft-tasks--output-buffer ()
  "The buffer with what tasks write."
  (let ((buffer (get-buffer-create draft-tasks--output)))
    (with-current-buffer buffer
      (unless (derived-mode-p 'draft-tasks-output-mode) (draft-tasks-output-mode)))
    buffer))

(defun draft-tasks--append (line)
  "Add LINE to the output; windows that show its end go on to do so."
  (with-current-buffer (draft-tasks--output-buffer)
    (let* ((inhibit-read-only t)
           (end (point-max))
           (following (seq-filter (lambda (window) (= (window-point window) end))
                                  (get-buffer-window-list nil nil t))))
      (save-excursion
        (goto-char end)
        (insert line "\n")
        (let ((excess (- (line-number-at-pos nil t) 1 draft-tasks-output-lines)))
          (when (> excess 0)
            (goto-char (point-min))
            (forward-line (+ excess (/ draft-tasks-output-lines 10)))
            (delete-region (point-min) (point)))))
      (dolist (window following) (set-window-point window (point-max))))))

;;;###autoload
(defun draft-tasks-show-output ()
  "Show what tasks have written since Emacs started."
  (interactive)
  (let ((window (display-buffer (draft-tasks--output-buffer))))
    (when window (set-window-point window (with-current-buffer (window-buffer window) (point-max))))))

;; eglot keeps what servers log among all else that they say.

(defvar eglot-server-programs)
(declare-function eglot-handle-notification "eglot")
(declare-function jsonrpc-name "jsonrpc")

(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs `(draft-tasks-mode . (,draft-tasks-program "lsp")))
  (cl-defmethod eglot-handle-notification :before
    (server (_method (eql 'window/logMessage)) &key message &allow-other-keys)
    "Show what tasks write where SERVER runs them."
    (when (string-search "draft-tasks-mode" (jsonrpc-name server))
      (draft-tasks--append message))))

;; lsp-mode asks for the names of languages.

(defvar lsp-language-id-configuration)
(declare-function lsp-register-client "lsp-mode")
(declare-function make-lsp-client "lsp-mode")
(declare-function lsp-stdio-connection "lsp-mode")
(declare-function lsp-activate-on "lsp-mode")

(defun draft-tasks--lsp-log (_workspace params)
  "Show the message of PARAMS: lsp-mode has hash tables or property lists."
  (draft-tasks--append (if (hash-table-p params) (gethash "message" params) (plist-get params :message))))

(with-eval-after-load 'lsp-mode
  (add-to-list 'lsp-language-id-configuration '(draft-tasks-mode . "draft-tasks"))
  (let ((handlers (make-hash-table :test #'equal)))
    (puthash "window/logMessage" #'draft-tasks--lsp-log handlers)
    (lsp-register-client
     (make-lsp-client :new-connection (lsp-stdio-connection (lambda () (list draft-tasks-program "lsp")))
                      :activation-fn (lsp-activate-on "draft-tasks")
                      :notification-handlers handlers
                      :server-id 'draft-tasks))))

(provide 'draft-tasks-mode)
;;; draft-tasks-mode.el ends here
