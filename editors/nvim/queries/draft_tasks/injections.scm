; inherits: toml

; What a task runs: words, quotes and variables are those of a shell.
((table
  (pair
    (_)
    (string) @injection.content))
  (#not-lua-match? @injection.content "^%s*[\"'][\"'][\"']")
  (#offset! @injection.content 0 1 0 -1)
  (#set! injection.language "bash"))

((table
  (pair
    (_)
    (string) @injection.content))
  (#lua-match? @injection.content "^%s*[\"'][\"'][\"']")
  (#offset! @injection.content 0 3 0 -3)
  (#set! injection.language "bash"))
