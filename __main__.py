from policypack.pack import main

main()
