"""What a site's decisions teach its model, and when the model is made anew."""
