// A web server with one page. With -greet it prints that page and ends: what the tasks file calls in the pod.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
)

func greeting() string {
	host, err := os.Hostname()
	if err != nil {
		host = "somewhere"
	}
	return "hello from " + host
}

func main() {
	greet := flag.Bool("greet", false, "print the greeting and end")
	address := flag.String("address", ":8080", "where to listen")
	flag.Parse()
	if *greet {
		fmt.Println(greeting())
		return
	}
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, greeting())
	})
	log.Printf("listening on %s", *address)
	log.Fatal(http.ListenAndServe(*address, nil))
}
